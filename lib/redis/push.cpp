#include "redis/push.hpp"

#include "redis/errors.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace fanfetch::redis {
namespace {

[[noreturn]] void refuse(std::string_view why) {
    throw ProtocolError{"reading what was pushed: " + std::string{why}};
}

std::string take_string(Reply& reply) {
    if (reply.type != reply_type::string) {
        refuse("a name or payload that is no string");
    }
    return std::move(reply.text);
}

void expect_size(const std::vector<Reply>& parts, std::size_t size) {
    if (parts.size() != size) {
        refuse("an odd number of parts: " + std::to_string(parts.size()));
    }
}

Push interpret_parts(std::vector<Reply>& parts) {
    if (parts.empty()) {
        refuse("an empty array");
    }
    const auto kind = take_string(parts.front());
    if (kind == "message") {
        expect_size(parts, 3);
        return Message{take_string(parts[1]), take_string(parts[2]), std::nullopt};
    }
    if (kind == "pmessage") {
        expect_size(parts, 4);
        auto pattern = take_string(parts[1]);
        return Message{take_string(parts[2]), take_string(parts[3]), std::move(pattern)};
    }
    if (kind == "pong") {
        expect_size(parts, 2);
        (void)take_string(parts[1]);
        return Pong{};
    }
    for (const auto command :
         {verb::subscribe, verb::psubscribe, verb::unsubscribe, verb::punsubscribe}) {
        if (kind == word_of(command)) {
            expect_size(parts, 3);
            if (parts[2].type != reply_type::integer) {
                refuse("a confirmation without a count");
            }
            return Confirmed{command, take_string(parts[1])};
        }
    }
    refuse("an unknown kind");
}

}  // namespace

Push interpret(Reply reply) {
    switch (reply.type) {
        case reply_type::array:
            return interpret_parts(reply.elements);
        case reply_type::error:
            return Refusal{std::move(reply.text)};
        case reply_type::status:
            if (reply.text == "OK") {
                return Ok{};
            }
            if (reply.text == "PONG") {
                return Pong{};
            }
            break;
        default:
            break;
    }
    refuse("no answer to anything we ask");
}

bool is_final(const Refusal& refusal) noexcept {
    // The last two are how servers before 6.0 speak of passwords.
    constexpr std::array<std::string_view, 6> final_words{"NOAUTH",
                                                          "WRONGPASS",
                                                          "NOPERM",
                                                          "ERR AUTH",
                                                          "ERR invalid password",
                                                          "ERR Client sent AUTH"};
    return std::ranges::any_of(final_words, [&refusal](std::string_view words) {
        return refusal.text.starts_with(words);
    });
}

}  // namespace fanfetch::redis
