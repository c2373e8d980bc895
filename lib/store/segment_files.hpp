#pragma once

#include "base/time.hpp"
#include "store/file.hpp"
#include "store/store_seams.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace fanfetch {

/// How much a crash of the machine may take with it.
enum class durability : std::uint8_t {
    full,  ///< nothing that was acknowledged: every commit is synced
    os,    ///< what the kernel had not written yet; a crash of the process takes nothing
};

/// The directory of the segments: their names, their numbers, and the steps that make a new one
/// durable. Segments are numbered from 1 in the order they were begun: "00000001.warc".
///
/// Errors   as File
/// Threads  any thread
class SegmentFiles {
public:
    SegmentFiles(std::string directory, durability how, StoreSeams seams);

    /// Numbers from here on are free.
    void number_from(std::uint64_t next) noexcept { next_.store(next); }
    [[nodiscard]] std::uint64_t take_number() noexcept { return next_.fetch_add(1); }

    [[nodiscard]] static std::string name_of(std::uint64_t number);
    [[nodiscard]] Expected<File> create(std::uint64_t number);
    [[nodiscard]] Expected<File> open_writable(std::uint64_t number) const;
    [[nodiscard]] Expected<File> open_readable(std::uint64_t number) const;
    void remove(std::uint64_t number) const noexcept;

    /// A file that is to take a segment's place, "00000001.warc.new"; `replace` puts it there,
    /// whole and synced whatever the durability: what stood there was on the disk long ago.
    [[nodiscard]] Expected<File> create_replacement(std::uint64_t number);
    [[nodiscard]] Expected<void> replace(std::uint64_t number, File& replacement);
    void remove_replacement(std::uint64_t number) const noexcept;
    /// Those that a crash left behind.
    void remove_replacements() const noexcept;

    /// Numbers of every segment there is, in no order. Other names are passed over.
    [[nodiscard]] Expected<std::vector<std::uint64_t>> list() const;

    [[nodiscard]] Expected<void> write(File& file, std::uint64_t offset, std::string_view bytes);
    /// Both do nothing with `durability::os`.
    [[nodiscard]] Expected<void> sync(File& file);
    [[nodiscard]] Expected<void> sync_entries();

    /// A long body found no room. What it had of the disk is free again at once, so what is left
    /// says little; for four seconds from then on new work should be refused.
    void note_refused_body() noexcept;
    /// Whether what is written has to be on the disk in the end.
    [[nodiscard]] bool syncs() const noexcept { return durability_ == durability::full; }
    [[nodiscard]] bool refused_body_lately() const noexcept;

private:
    [[nodiscard]] Expected<void> allowed(store_step step, std::string_view doing) const;
    [[nodiscard]] std::string path_of(std::uint64_t number) const;

    std::string directory_;
    durability durability_;
    StoreSeams seams_;
    std::atomic<std::uint64_t> next_{1};
    std::atomic<Steady::time_point> refused_{Steady::time_point::min()};
};

}  // namespace fanfetch
