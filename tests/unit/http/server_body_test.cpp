#include "http/server_body.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

/// The body found in `bytes` when they come in pieces of `step`, and what was left over.
struct Outcome {
    std::string body;
    std::string left;
    bool done = false;
    failure_code code = failure_code::none;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(const RequestFraming& framing, std::string_view bytes, std::size_t step) {
    BodyReader reader{framing};
    Outcome outcome;
    std::size_t used = 0;
    for (std::size_t end = step; !reader.done(); end += step) {
        const auto seen = bytes.substr(0, std::min(end, bytes.size()));
        while (!reader.done() && used < seen.size()) {
            const auto taken = reader.take(seen.substr(used));
            if (!taken) {
                outcome.code = taken.error().code;
                return outcome;
            }
            outcome.body += taken->piece;
            used += taken->used;
        }
        if (end >= bytes.size()) {
            break;
        }
    }
    outcome.left = bytes.substr(used);
    outcome.done = reader.done();
    return outcome;
}

TEST(BodyReader, TakesWhatWasDeclaredAndNoMore) {
    const RequestFraming framing{.length = 5};

    for (std::size_t step = 1; step < 9; ++step) {
        EXPECT_EQ(read(framing, "abcdeGET", step), (Outcome{"abcde", "GET", true})) << step;
    }
    EXPECT_FALSE(read(framing, "abc", 3).done);
}

TEST(BodyReader, JoinsChunksAndDropsTrailersHoweverTheyAreCut) {
    const RequestFraming framing{.chunked = true};
    const std::string bytes{"3;x=\"y\"\r\nabc\r\n002\r\nde\r\n0\r\nHost: evil\r\n\r\nGET"};

    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        EXPECT_EQ(read(framing, bytes, step), (Outcome{"abcde", "GET", true})) << step;
    }
}

TEST(BodyReader, RequestWithoutABodyIsDoneAtOnce) {
    EXPECT_TRUE(BodyReader{}.done());
    EXPECT_TRUE(BodyReader{RequestFraming{.length = 0}}.done());
}

TEST(BodyReader, Cli13ExtensionsAndTrailersAreCounted) {
    const RequestFraming framing{.chunked = true};
    const auto with_extension = [](std::size_t size) {
        return "1;" + std::string(size - 1, 'a') + "\r\nx\r\n0\r\n\r\n";
    };

    EXPECT_EQ(read(framing, with_extension(16 * 1024), 100'000).code, failure_code::none);
    EXPECT_EQ(
        read(framing, with_extension(16 * 1024 + 1), 100'000).code,
        failure_code::api_header_too_large
    );
    EXPECT_EQ(
        read(framing, "0\r\nA: " + std::string(17'000, 'b') + "\r\n\r\n", 100'000).code,
        failure_code::api_header_too_large
    );
    EXPECT_EQ(read(framing, "x\r\n", 3).code, failure_code::api_bad_request);
}

}  // namespace
}  // namespace fanfetch
