#pragma once

#include "api/export_format.hpp"
#include "api/result_list.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// The bytes of one export, piece by piece: rows and bodies read from the store, made into a
/// format.
///
/// Shown are the items that had a result when it began. About 200 KiB are held, however long the
/// job and however large its bodies.
///
/// Errors   exceptions when the job changes or goes away meanwhile, or a body cannot be read: what
///          was sent so far is then not the whole
/// Threads  one owner at a time; blocks on the store
class ExportSource {
public:
    ExportSource(
        JobStore& store, JobSnapshotPtr job, ResultFilter filter,
        std::unique_ptr<ExportFormat> format
    );

    /// The next bytes; none are not the end, `ended` is.
    [[nodiscard]] std::string next();
    [[nodiscard]] bool ended() const noexcept { return ended_; }

private:
    /// A body that is being read.
    struct Payload {
        BodyRef body;
        std::uint64_t size = 0;
        std::uint64_t at = 0;
    };

    void step(std::string& out);
    void read_body(std::string& out);
    [[nodiscard]] bool read_rows();
    void show(const ItemRow& row, std::string& out);
    void pass_end(std::string& out);

    JobStore& store_;
    JobSnapshotPtr job_;
    ResultFilter filter_;
    std::unique_ptr<ExportFormat> format_;
    std::deque<ItemRow> rows_;
    std::uint64_t next_index_ = 0;
    std::optional<Payload> payload_;
    bool begun_ = false;
    bool listing_ = false;  // the second pass
    bool ended_ = false;
};

}  // namespace fanfetch
