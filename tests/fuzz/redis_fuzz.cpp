// What a Redis server sends, in any pieces: the first byte says how the rest is cut.
#include "redis/conversation.hpp"
#include "redis/errors.hpp"
#include "redis/reply_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using namespace fanfetch::redis;

const ReplyLimits limits{.bulk_bytes = 64, .line_bytes = 32, .elements = 16};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// What a subscriber makes of one connection's bytes.
struct Hearing {
    std::vector<Reply> replies;
    std::vector<Push> pushes;
    std::string reading_error;
    std::string hearing_error;

    friend bool operator==(const Hearing&, const Hearing&) = default;
};

std::size_t depth_of(const Reply& reply) {
    std::size_t deepest = 0;
    for (const auto& element : reply.elements) {
        deepest = std::max(deepest, depth_of(element));
    }
    return reply.type == reply_type::array ? deepest + 1 : 0;
}

std::size_t elements_of(const Reply& reply) {
    std::size_t total = reply.elements.size();
    for (const auto& element : reply.elements) {
        total += elements_of(element);
    }
    return total;
}

void check(const Reply& reply) {
    require(depth_of(reply) <= most_nesting);
    require(elements_of(reply) <= limits.elements);
    require(reply.text.size() <= limits.bulk_bytes);
    if (reply.type == reply_type::status || reply.type == reply_type::error) {
        require(reply.text.size() <= limits.line_bytes);
    }
}

/// A conversation in which some of the seeds' answers are due.
Conversation begun() {
    Conversation talk;
    const auto heard = [](const std::exception_ptr&) {};
    (void)talk.ask(verb::subscribe, {"a", "b"}, heard);
    (void)talk.ask(verb::psubscribe, {"a*"}, heard);
    (void)talk.ask(verb::ping, {}, heard);
    (void)talk.ask(verb::unsubscribe, {"a"}, heard);
    (void)talk.ask(verb::quit, {}, heard);
    return talk;
}

void hear(Conversation& talk, const Push& push) {
    const auto answer = [&talk](const auto& what) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(what)>, Message>) {
            talk.answer(what);
        }
    };
    std::visit(answer, push);
}

Hearing listen(std::string_view bytes, std::size_t step) {
    Hearing hearing;
    ReplyReader reader{limits};
    auto talk = begun();
    const auto take_replies = [&] {
        while (auto reply = reader.next()) {
            check(*reply);
            hearing.replies.push_back(*reply);
            if (hearing.hearing_error.empty()) {
                try {
                    hearing.pushes.push_back(interpret(std::move(*reply)));
                    hear(talk, hearing.pushes.back());
                } catch (const fanfetch::Error& error) {
                    hearing.hearing_error = error.what();
                }
            }
        }
    };
    try {
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            reader.feed(bytes.substr(at, step));
            take_replies();
        }
    } catch (const ProtocolError& error) {
        hearing.reading_error = error.what();
    }
    require(talk.channels().size() <= 2 && talk.patterns().size() <= 1);
    return hearing;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto whole = listen(bytes, bytes.size() + 1);
    require(listen(bytes, std::size_t{1} + data[0] % 16U) == whole);
    require(listen(bytes, 1) == whole);
    return 0;
}
