#include "process/frame.hpp"

#include "process/messages.hpp"
#include "process/outcome_writer.hpp"
#include "process/task_registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fanfetch::detail {
namespace {

using Frames = std::vector<std::pair<frame_kind, std::string>>;

/// Gives a reader the stream in pieces of this size.
Frames read_all(std::string_view stream, std::size_t piece, std::size_t limit = 1 << 20) {
    FrameReader reader{limit};
    Frames frames;
    while (!stream.empty()) {
        const auto room = reader.room();
        const auto count = std::min({piece, room.size(), stream.size()});
        std::memcpy(room.data(), stream.data(), count);
        stream.remove_prefix(count);
        reader.received(count);
        while (const auto frame = reader.next()) {
            frames.emplace_back(frame->kind, frame->payload);
        }
    }
    return frames;
}

TEST(FrameReader, Ppe06GivesTheSameFramesHoweverTheStreamIsCut) {
    const std::string large(200'000, 'L');
    const auto stream = text_frame(frame_kind::ready, "") + text_frame(frame_kind::results, "abc") +
                        text_frame(frame_kind::calls, large) +
                        text_frame(frame_kind::last_words, "x");
    const Frames expected{
        {frame_kind::ready, ""},
        {frame_kind::results, "abc"},
        {frame_kind::calls, large},
        {frame_kind::last_words, "x"}};

    for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 4096U, 65536U, 1U << 20U}) {
        EXPECT_EQ(read_all(stream, piece), expected) << piece;
    }
}

TEST(FrameReader, Ppe06KnowsThatItIsInTheMiddleOfAFrame) {
    const auto frame = text_frame(frame_kind::results, "abc");
    for (std::size_t cut = 0; cut <= frame.size(); ++cut) {
        FrameReader reader{100};
        std::memcpy(reader.room().data(), frame.data(), cut);
        reader.received(cut);
        EXPECT_EQ(reader.next().has_value(), cut == frame.size());
        EXPECT_EQ(reader.mid_frame(), cut != 0 && cut != frame.size()) << cut;
    }
}

TEST(FrameReader, Ppe12RefusesAFrameThatIsTooLongBeforeItIsThere) {
    EXPECT_EQ(read_all(text_frame(frame_kind::results, "12345"), 1, 5).size(), 1U);
    auto head = text_frame(frame_kind::results, "123456");
    head.resize(frame_head_size);

    EXPECT_THROW((void)read_all(head, 1, 5), DecodeError);
}

TEST(Messages, Ppe05CutShortAreRefused) {
    const auto start = start_frame(
        {.longest_payload = 5,
         .initializer = "i",
         .initializer_arguments = "a",
         .sandbox = sandbox::strict()}
    );
    const auto payload = std::string_view{start}.substr(frame_head_size);

    EXPECT_TRUE(read_start(payload).sandbox->system_call_list);
    for (std::size_t cut = 0; cut < payload.size(); ++cut) {
        EXPECT_THROW((void)read_start(payload.substr(0, cut)), DecodeError) << cut;
    }
}

CallsFrame three_calls() {
    CallsFrame frame{"task"};
    for (const char* const arguments : {"one", "two", "three"}) {
        frame.add([&](std::string& out) { out += arguments; });
    }
    return frame;
}

std::vector<std::string> arguments_in(const std::string& frame) {
    auto message = read_calls(std::string_view{frame}.substr(frame_head_size));
    std::vector<std::string> all;
    for (std::uint32_t i = 0; i < message.count; ++i) {
        all.emplace_back(message.arguments.take(message.arguments.size()));
    }
    message.arguments.expect_end();
    return all;
}

TEST(CallsFrame, Ppe17HoldsManyCalls) {
    EXPECT_EQ(
        arguments_in(three_calls().finish(9, 3)), (std::vector<std::string>{"one", "two", "three"})
    );
}

TEST(CallsFrame, Ppe02LeavesOutWhatWasCancelled) {
    auto frame = three_calls();
    frame.filter(3, [](std::size_t at) { return at != 1; });

    EXPECT_EQ(
        arguments_in(std::move(frame).finish(9, 2)), (std::vector<std::string>{"one", "three"})
    );
}

TEST(CallsFrame, Ppe04WhatCannotBeEncodedLeavesNoTrace) {
    auto frame = three_calls();
    const auto half = [](std::string& out) {
        out += "half";
        throw std::domain_error{"no"};
    };
    EXPECT_THROW(frame.add(half), std::domain_error);

    EXPECT_EQ(arguments_in(std::move(frame).finish(9, 3)).size(), 3U);
}

TEST(CallsFrame, Ppe12IsSplitWhereItGetsTooLong) {
    CallsFrame frame{"task"};
    frame.add([](std::string& out) { out += "one"; });
    const auto before = frame.payload_size();
    frame.add([](std::string& out) { out += "two"; });

    auto rest = frame.split(before);

    EXPECT_EQ(arguments_in(std::move(frame).finish(1, 1)), (std::vector<std::string>{"one"}));
    EXPECT_EQ(arguments_in(std::move(rest).finish(2, 1)), (std::vector<std::string>{"two"}));
}

struct Sent {
    std::uint64_t first = 0;
    std::vector<std::string> outcomes;
};

/// What a writer with this limit sends for these values.
std::vector<Sent> sent_for(const std::vector<std::string>& values, std::size_t limit) {
    std::vector<Sent> all;
    auto keep = [&all, limit](const std::string& frame) {
        EXPECT_LE(frame.size() - frame_head_size, limit);
        auto message = read_results(std::string_view{frame}.substr(frame_head_size));
        Sent sent{message.first, {}};
        for (std::uint32_t i = 0; i < message.count; ++i) {
            const auto outcome = read_outcome(message.outcomes);
            sent.outcomes.push_back(
                outcome.kind == outcome_kind::value ? std::string{outcome.bytes}
                                                    : read_error(outcome.bytes).type
            );
        }
        message.outcomes.expect_end();
        all.push_back(std::move(sent));
    };
    OutcomeWriter writer{keep, limit, 10};
    for (const auto& value : values) {
        writer.add([&](std::string& out) { out += value; });
    }
    writer.flush();
    return all;
}

TEST(OutcomeWriter, Ppe17OneFrameForAllThatFits) {
    const auto sent = sent_for({"a", "b", "c"}, 1000);

    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].first, 10U);
    EXPECT_EQ(sent[0].outcomes, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(OutcomeWriter, Ppe12WhatDoesNotFitGoesIntoTheNextFrame) {
    const std::string long_value(600, 'v');
    const auto sent = sent_for({"a", long_value, long_value, "b"}, 1000);

    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].outcomes, (std::vector<std::string>{"a", long_value}));
    EXPECT_EQ(sent[1].first, 12U);
    EXPECT_EQ(sent[1].outcomes, (std::vector<std::string>{long_value, "b"}));
}

TEST(OutcomeWriter, Ppe12WhatFitsNowhereIsAnErrorOfItsOwn) {
    const auto sent = sent_for({"a", std::string(2000, 'v'), "b"}, 1000);

    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].outcomes, (std::vector<std::string>{"std::length_error", "b"}));
}

TEST(OutcomeWriter, Ppe04WhatCannotBeEncodedIsAnErrorOfItsOwn) {
    std::string sent;
    OutcomeWriter writer{[&](const std::string& frame) { sent = frame; }, 1000, 0};
    writer.add([](std::string& out) {
        out += "half";
        throw std::domain_error{"no"};
    });
    writer.flush();

    auto message = read_results(std::string_view{sent}.substr(frame_head_size));
    const auto outcome = read_outcome(message.outcomes);
    EXPECT_EQ(outcome.kind, outcome_kind::error);
    EXPECT_EQ(read_error(outcome.bytes).text, "no");
}

}  // namespace
}  // namespace fanfetch::detail
