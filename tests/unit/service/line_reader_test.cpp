#include "api/line_reader.hpp"

#include "support/first_pointer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

struct Read {
    std::vector<Item> items;
    Expected<void> end;
    JobOptions options;
};

/// Feeds a text in pieces of at most `size` bytes, to its end or the first error.
Read read(
    line_format format, std::string_view text, std::size_t size = std::string::npos,
    SubmissionContext context = {}
) {
    LineReader reader{format, std::move(context)};
    Read result;
    while (!text.empty() && result.end) {
        const auto piece = text.substr(0, size);
        text.remove_prefix(piece.size());
        result.end = reader.feed(piece, result.items);
    }
    if (result.end) {
        result.end = reader.finish(result.items);
    }
    result.options = reader.options();
    return result;
}

std::vector<std::string> urls(const Read& read) {
    std::vector<std::string> list;
    for (const auto& item : read.items) {
        list.push_back(item.url);
    }
    return list;
}

using Urls = std::vector<std::string>;

TEST(LineReader, TextHasAUrlALine) {
    const auto result = read(
        line_format::text,
        "\xEF\xBB\xBF# a list\r\nhttp://a.test/1\r\n\n  \t\n \thttp://a.test/2 \n"
        "#http://no.test/\n  # neither\nhttp://a.test/3#frag\nhttp://a.test/4"
    );

    EXPECT_TRUE(result.end.has_value());
    EXPECT_EQ(
        urls(result),
        (Urls{"http://a.test/1", "http://a.test/2", "http://a.test/3#frag", "http://a.test/4"})
    );
    EXPECT_EQ(result.items.back().index, 3U);
}

TEST(LineReader, Cli09BadLinesAreFailedItemsWithTheirNumber) {
    const auto result =
        read(line_format::text, "http://a.test/\n\nnonsense\nhttp://b.test/\nftp://c.test/\n");

    ASSERT_EQ(result.items.size(), 4U);
    EXPECT_EQ(result.items[1].url, "nonsense");
    ASSERT_TRUE(result.items[1].failure);
    EXPECT_EQ(result.items[1].failure->code, failure_code::url_invalid);
    EXPECT_TRUE(result.items[1].failure->detail.starts_with("line 3: "))
        << result.items[1].failure->detail;
    EXPECT_FALSE(result.items[2].failure);
    EXPECT_EQ(result.items[3].failure->code, failure_code::url_scheme);
}

TEST(LineReader, Cli09NdjsonTakesTextsAndRequestsAndOptionsFirst) {
    const auto result = read(
        line_format::ndjson,
        "\n{\"options\":{\"concurrency\":5}}\n\"http://a.test/1\"\r\n"
        "{\"url\":\"http://a.test/2\",\"id\":\"two\"}\n[1\n{\"url\":3}\n"
        "{\"url\":\"http://a.test/4\",\"oops\":1}\n{\"options\":{}}\n\"http://a.test/5\""
    );

    EXPECT_TRUE(result.end.has_value());
    EXPECT_EQ(result.options.concurrency, 5);
    ASSERT_EQ(result.items.size(), 7U);
    EXPECT_EQ(result.items[1].extras, R"({"id":"two"})");
    for (const std::size_t bad : {2U, 3U, 4U, 5U}) {
        ASSERT_TRUE(result.items[bad].failure) << bad;
        EXPECT_EQ(result.items[bad].failure->code, failure_code::request_invalid) << bad;
        EXPECT_EQ(result.items[bad].index, bad);
    }
    EXPECT_TRUE(result.items[2].failure->detail.starts_with("line 5: "));
    EXPECT_EQ(result.items[6].url, "http://a.test/5");
}

TEST(LineReader, BadOptionsRefuseTheUpload) {
    const auto result =
        read(line_format::ndjson, "{\"options\":{\"concurrency\":0}}\n\"http://a.test/\"\n");

    ASSERT_FALSE(result.end.has_value());
    EXPECT_EQ(result.end.error().code, failure_code::api_invalid);
    EXPECT_EQ(first_pointer(result.end.error()), "/options/concurrency");
}

TEST(LineReader, LongLinesFailAndTheRestGoesOn) {
    const std::string fits =
        "http://a.test/" + std::string(LineReader::longest_text_line - 14, 'x');
    const std::string text = fits + "\r\n" + fits + "y\n#" + fits + fits + "\n" +
                             std::string(20'000, 'z') + "\nhttp://b.test/";

    for (const std::size_t size : {1UL, 7UL, 8'192UL, 8'193UL, std::string::npos}) {
        const auto result = read(line_format::text, text, size);

        ASSERT_EQ(result.items.size(), 4U) << size;
        EXPECT_FALSE(result.items[0].failure) << size;
        EXPECT_EQ(result.items[1].failure->code, failure_code::request_invalid) << size;
        EXPECT_EQ(result.items[1].failure->detail, "line 2: longer than 8192 bytes") << size;
        EXPECT_EQ(result.items[2].failure->detail, "line 4: longer than 8192 bytes") << size;
        EXPECT_EQ(result.items[3].url, "http://b.test/") << size;
    }
}

TEST(LineReader, NdjsonLinesMayHaveAMebibyte) {
    const std::string head = R"({"url":"http://a.test/","body":")";
    const std::string fits =
        head + std::string(LineReader::longest_json_line - head.size() - 2, 'x') + "\"}";

    const auto result =
        read(line_format::ndjson, fits + "\r\n" + fits + " \n\"http://b.test/\"\n", 65'536);

    ASSERT_EQ(result.items.size(), 3U);
    EXPECT_FALSE(result.items[0].failure) << result.items[0].failure->detail;
    EXPECT_EQ(result.items[1].failure->detail, "line 2: longer than 1048576 bytes");
    EXPECT_FALSE(result.items[2].failure);
}

TEST(LineReader, PiecesMayBeCutAnywhere) {
    const std::string text =
        "\xEF\xBB\xBF{\"options\":{\"tags\":[\"t\"]}}\r\n\"http://a.test/\\u00e4\"\n\n bad \r\n"
        "{\"url\":\"http://b.test/ä\",\"metadata\":{}}\n\"http://c.test/\"";
    const auto whole = read(line_format::ndjson, text);

    for (std::size_t size = 1; size < text.size(); ++size) {
        const auto cut = read(line_format::ndjson, text, size);

        EXPECT_EQ(urls(cut), urls(whole)) << size;
        EXPECT_EQ(cut.options, whole.options) << size;
        EXPECT_EQ(cut.items[2].extras, whole.items[2].extras) << size;
    }
    EXPECT_EQ(whole.items.size(), 4U);
}

TEST(LineReader, CountsItemsAcrossTheJob) {
    SubmissionContext context;
    context.limits.max_items = 12;
    context.first_index = 10;

    const auto most = read(line_format::text, "http://a.test/\nhttp://b.test/\n", 5, context);
    const auto more = read(line_format::text, "http://a.test/\nx\nhttp://b.test/", 5, context);

    EXPECT_TRUE(most.end.has_value());
    EXPECT_EQ(most.items.back().index, 11U);
    ASSERT_FALSE(more.end.has_value());
    EXPECT_EQ(more.end.error().code, failure_code::job_too_many_items);
    EXPECT_EQ(more.items.size(), 2U);
}

TEST(LineReader, NothingIsAnEmptyJobUnlessMoreMayCome) {
    SubmissionContext unsealed;
    unsealed.may_be_empty = true;

    const auto empty = read(line_format::text, "# nothing\n\n");
    const auto open = read(line_format::text, "", 1, unsealed);

    ASSERT_FALSE(empty.end.has_value());
    EXPECT_EQ(empty.end.error().code, failure_code::job_empty);
    EXPECT_TRUE(open.end.has_value());
}

TEST(LineReader, BytesThatAreNoTextFailTheirLine) {
    const auto result = read(
        line_format::text,
        std::string_view{"http://a.test/\xFF\nhttp://a.test/\0\nhttp://b.test/\n", 46}
    );

    ASSERT_EQ(result.items.size(), 3U);
    EXPECT_TRUE(result.items[0].failure);
    EXPECT_TRUE(result.items[1].failure);
    EXPECT_FALSE(result.items[2].failure);
}

}  // namespace
}  // namespace fanfetch
