#pragma once

#include "api/item_reader.hpp"
#include "api/submission.hpp"
#include "api/table_parser.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// Turns a table with a row of headings into items as it arrives.
///
/// The column `url` is wanted. `size`, `md5` and `sha256` become what the item is expected to be,
/// `id` its id, and every other column a member of its metadata, as text; an empty cell says
/// nothing. Headings are compared without regard to case, and spaces around them are dropped. A
/// table of tabs whose first line is `TsvHttpData-1.0` has no headings: its columns are URL, size
/// and MD5, of which the last ones may be missing.
///
/// A row that cannot be read, or has not as many cells as there are headings, becomes an item with
/// a failure that tells its line, and the rest goes on.
///
/// Errors   job_too_many_items; api_invalid for headings without a url, or with one twice or
///          unreadable; job_empty. After an error the reader is of no more use
/// Threads  one caller at a time
/// Source   RFC 4180; https://cloud.google.com/storage-transfer/docs/create-url-list
class TableReader final : public ItemReader {
public:
    TableReader(table_dialect dialect, SubmissionContext context);

    [[nodiscard]] Expected<void> feed(std::string_view piece, std::vector<Item>& items) override;
    [[nodiscard]] Expected<void> finish(std::vector<Item>& items) override;
    [[nodiscard]] const JobOptions& options() const noexcept override { return context_.options; }
    [[nodiscard]] std::uint64_t items_read() const noexcept {
        return next_index_ - context_.first_index;
    }

private:
    Expected<void> take(std::vector<TableRow>& rows, std::vector<Item>& items);
    Expected<void> take_headings(TableRow& row);
    Expected<void> take_row(const TableRow& row, std::vector<Item>& items);
    [[nodiscard]] std::optional<Failure> read_row(const TableRow& row, Item& item) const;

    table_dialect dialect_;
    SubmissionContext context_;
    TableParser parser_;
    std::vector<TableRow> rows_;
    std::vector<std::string> headings_;  ///< empty until they have been read
    std::size_t least_cells_ = 0;
    std::uint64_t next_index_;
};

}  // namespace fanfetch
