#pragma once

#include "base/expected.hpp"
#include "http/header_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The status line and the header section of one response.
struct ResponseHead {
    std::uint16_t status = 0;        ///< 100 to 599
    std::uint8_t minor_version = 1;  ///< of HTTP/1: 0 or 1
    std::string reason;
    HeaderBlock fields;
    std::size_t wire_bytes = 0;  ///< what it took on the wire, its last line break included
};

/// How large one head may be.
struct HeadLimits {
    std::size_t max_bytes = 64U << 10U;
    std::size_t max_fields = 256;
};

enum class head_state { need_more, complete };

/// Reads a response head from bytes that arrive in any pieces.
///
/// `parse` is given everything received of this head so far, from its first byte on, each time
/// there is more. Each line is read once, when its end is there, so that a byte-by-byte arrival is
/// not quadratic and what is not HTTP is refused at its first line (or sooner, when it does not
/// begin with "HTTP/1.") instead of being waited for.
///
/// Strict, because a lenient reader is how a response is read in two ways. In particular: lines
/// end in CRLF and a lone LF or CR is an error; the version is HTTP/1.0 or HTTP/1.1; no white
/// space stands before a colon; control characters other than HTAB are errors. Four liberties are
/// taken, as RFC 9112 or deployed servers demand: one empty line before the status line, no space
/// after a status without a reason, bytes above 0x7f in values and reasons, and a folded value
/// (its line breaks become spaces; not in Content-Length and Transfer-Encoding).
///
/// Errors   http_malformed, http_header_limit; after one, only reset() makes sense
/// Threads  one owner at a time
/// Source   RFC 9112 §2.2, §4, §5; RFC 9110 §5.5, §15
class ResponseHeadParser {
public:
    explicit ResponseHeadParser(HeadLimits limits = {}) { reset(limits); }

    /// Begins a new head and keeps the memory of the last.
    void reset(HeadLimits limits);

    /// `window` begins at the head's first byte and only ever grows. What lies behind the end of
    /// the head is left alone.
    [[nodiscard]] Expected<head_state> parse(std::string_view window);

    [[nodiscard]] bool complete() const noexcept { return head_.wire_bytes > 0; }

    /// The head, once it is complete.
    [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }
    [[nodiscard]] ResponseHead& head() noexcept { return head_; }

private:
    /// What is wrong with a line, as long as it is not worth the strings of a Failure.
    struct Fault {
        failure_code code = failure_code::none;
        std::string_view what;
        std::string_view at_fault;
    };

    [[nodiscard]] static Fault malformed(
        std::string_view what, std::string_view at_fault
    ) noexcept {
        return {failure_code::http_malformed, what, at_fault};
    }
    [[nodiscard]] static Failure to_failure(const Fault& fault);

    Fault check_beginning(std::string_view window) const noexcept;
    Fault read_line(std::string_view window, std::size_t line_feed);
    Fault read_status_line(std::string_view line);
    Fault read_field(std::string_view window, std::string_view line);
    Fault read_continuation(std::string_view window, std::string_view line);
    void finish(std::string_view window);

    HeadLimits limits_;
    ResponseHead head_;
    std::vector<FieldSlice> slices_;
    std::size_t line_at_ = 0;  ///< where the line begins that is not complete yet
    std::size_t scanned_ = 0;  ///< no line feed in [line_at_, scanned_)
    bool blank_skipped_ = false;
    bool status_read_ = false;
    bool folded_ = false;
};

/// As above for bytes that are all there already; nullopt when more are needed.
[[nodiscard]] Expected<std::optional<ResponseHead>> parse_response_head(
    std::string_view bytes, HeadLimits limits = {}
);

}  // namespace fanfetch
