#pragma once

#include "store/byte_codec.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Collects records into a block: one value of one database row.
///
/// A block is a version byte, each record behind its length, and a check value over all of it.
/// Rows of many records are what makes the store cheap: the cost of a row in a B-tree is paid once
/// for a block instead of once for an item.
///
/// Threads  one owner at a time
class BlockWriter {
public:
    explicit BlockWriter(char version) : version_{version} { clear(); }

    void clear() {
        bytes_.assign(1, version_);
        count_ = 0;
    }
    void add(std::string_view record) {
        ByteWriter{bytes_}.text(record);
        ++count_;
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

    /// The block. Valid until the next `clear`, which must come before the next `add`.
    [[nodiscard]] std::string_view finish();

private:
    std::string bytes_;
    std::size_t count_ = 0;
    char version_;
};

/// Takes a block apart.
///
/// Errors   a block of another version, or one that its check value does not fit, has no records
///          and `ok()` is false
/// Threads  one owner at a time; the bytes must outlive it
class BlockReader {
public:
    BlockReader(std::string_view block, char version) noexcept;

    /// The next record, nullopt at the end and after a fault.
    [[nodiscard]] std::optional<std::string_view> next() noexcept;
    [[nodiscard]] bool ok() const noexcept { return ok_ && reader_.ok(); }

private:
    ByteReader reader_{{}};
    bool ok_ = false;
};

/// Which result each of `slots` consecutive items has: its seq, or 0. An item that is to be run
/// again has none, and the mark tells it from one that never had: the rest is the seq of its last
/// result, whose attempts the next one keeps.
struct SeqBlock {
    static constexpr std::size_t slots = 256;
    static constexpr std::uint32_t rerun_mark = 0x8000'0000;
    static constexpr std::uint64_t largest_seq = rerun_mark - 1;

    [[nodiscard]] static constexpr bool has_result(std::uint32_t slot) noexcept {
        return slot != 0 && slot < rerun_mark;
    }
    [[nodiscard]] static constexpr std::uint32_t seq_of(std::uint32_t slot) noexcept {
        return has_result(slot) ? slot : 0;
    }
    std::array<std::uint32_t, slots> seqs{};

    friend bool operator==(const SeqBlock&, const SeqBlock&) = default;
};

/// Little-endian numbers up to the last one that is not 0, and a check value.
void encode(std::string& out, const SeqBlock& block);
/// nullopt when the bytes are no such block.
[[nodiscard]] std::optional<SeqBlock> decode_seq_block(std::string_view bytes) noexcept;

}  // namespace fanfetch
