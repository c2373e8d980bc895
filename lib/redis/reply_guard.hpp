#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fanfetch::redis {

/// How much of a reply we take from a server.
struct ReplyLimits {
    std::size_t bulk_bytes = std::size_t{8} << 20U;  ///< of one string: a payload, a name
    std::size_t line_bytes = 8192;                   ///< of a status or an error
    std::size_t elements = 1024;  ///< of one reply, those of the arrays inside it included
};

/// Arrays inside each other, the outermost included.
inline constexpr std::size_t most_nesting = 7;

/// Looks at what a server sent before the parser sees it, and says how much of it may pass.
///
/// hiredis 0.14 bounds the nesting (to eight arrays) and by itself nothing else: it would gather a
/// string of any announced size and a line of any length, asks for room for two thousand million
/// elements, and does not look at the two bytes behind a string. So every announced size is judged
/// here, from the digits, before anything is kept. Any cut of the same bytes gets the same verdict.
///
/// Nothing is allocated but the words of the fault; one pass, and strings are skipped, not read.
///
/// Threads  its owner's
/// Source   the Redis protocol, version 2 (RESP2)
class ReplyGuard {
public:
    explicit ReplyGuard(ReplyLimits limits = {}) noexcept : limits_{limits} {}

    /// How many of the next bytes are in order: all of them, or those before the fault. After a
    /// fault nothing passes any more.
    [[nodiscard]] std::size_t admit(std::string_view bytes);

    /// What is wrong; empty: nothing so far.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

private:
    enum class place : std::uint8_t { type, line, number, line_feed, bulk, bulk_return, bulk_feed };

    void step(char byte);
    void begin_item(char type);
    void take_digit(char byte);
    void end_line();
    void begin_bulk(std::int64_t size);
    void begin_array(std::int64_t count);
    void end_item();
    [[nodiscard]] bool read_number(std::int64_t& number) const noexcept;
    void refuse(std::string fault) { fault_ = std::move(fault); }

    ReplyLimits limits_;
    place place_ = place::type;
    char type_ = 0;
    std::size_t length_ = 0;  ///< of the line so far
    std::array<char, 20>
        digits_;  ///< the line so far, where it is a number: at most "-9…" of 64 bits
    std::size_t bulk_left_ = 0;
    std::array<std::size_t, most_nesting> left_;  ///< elements to come, of each open array
    std::size_t depth_ = 0;
    std::size_t elements_ = 0;  ///< announced in this reply
    std::string fault_;
};

}  // namespace fanfetch::redis
