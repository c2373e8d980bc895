#pragma once

#include "api/item_reader.hpp"
#include "api/submission.hpp"
#include "base/expected.hpp"
#include "model/item.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The formats of an upload that is read line by line.
enum class line_format : std::uint8_t {
    text,    ///< text/plain: a URL a line, `#` comments
    ndjson,  ///< application/x-ndjson: a URL (a JSON text) or a request object a line
};

/// Turns an upload into items as it arrives, in bounded memory.
///
/// Lines end in LF or CRLF, the last one also with the upload; blank lines, and a byte order mark
/// at the very start, are skipped; spaces and tabs around a line are dropped. The first line of
/// NDJSON may be `{"options": …}`. A bad line becomes an item with a failure that tells its
/// number, and the rest goes on; a line longer than the bound is read to its end and becomes such
/// an item too.
///
/// Units    a line has at most 8 KiB (text) or 1 MiB (NDJSON), its end not counted
/// Errors   job_too_many_items; api_invalid for the options line. After an error the reader is of
///          no more use; the items it has given out before stand
/// Threads  one caller at a time
class LineReader final : public ItemReader {
public:
    LineReader(line_format format, SubmissionContext context);

    /// Reads the next piece, however it is cut, and appends the items it completes.
    [[nodiscard]] Expected<void> feed(std::string_view piece, std::vector<Item>& items) override;

    /// Reads what is left: the upload has ended. job_empty when there was no item and one is
    /// needed.
    [[nodiscard]] Expected<void> finish(std::vector<Item>& items) override;

    /// What the job asks for: final once an item has come out or the upload has ended.
    [[nodiscard]] const JobOptions& options() const noexcept override { return context_.options; }

    [[nodiscard]] std::uint64_t items_read() const noexcept {
        return next_index_ - context_.first_index;
    }

    static constexpr std::size_t longest_text_line = 8U << 10U;
    static constexpr std::size_t longest_json_line = 1U << 20U;

private:
    Expected<void> take_line(std::string_view line, std::vector<Item>& items);
    Expected<void> take_json(std::string_view line, std::vector<Item>& items);
    Expected<Item*> next_item(std::vector<Item>& items);
    Expected<void> bad_line(std::string detail, std::vector<Item>& items);

    line_format format_;
    SubmissionContext context_;
    std::size_t longest_line_;
    std::uint64_t next_index_;
    std::uint64_t line_number_ = 0;
    bool at_first_line_ = true;  // nothing but blank lines so far
    bool too_long_ = false;      // the line being read is past its bound: wait for its end
    std::string carry_;          // the beginning of a line whose end has not come yet
};

}  // namespace fanfetch
