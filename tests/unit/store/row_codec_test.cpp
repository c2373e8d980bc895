#include "store/row_codec.hpp"

#include "base/random.hpp"
#include "store/block_codec.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

ItemResult full_result() {
    ItemResult result;
    result.index = 123'456;
    result.state = item_state::failed;
    result.code = failure_code::http_status;
    result.status = 503;
    result.attempts_made = 3;
    result.reused = true;
    result.owns_body = true;
    result.detail = "the origin answered 503";
    result.final_url = "https://origin.test/moved?to=here";
    result.content_type = "text/html; charset=utf-8";
    result.http_version = "2";
    result.size = 1U << 30U;
    result.wire_size = 77;
    result.sha256.emplace().fill(0xCD);
    result.started_at = WallTime{milliseconds{1'795'298'379'123}};
    result.finished_at = WallTime{milliseconds{1'795'298'380'000}};
    result.timing = {
        microseconds{1}, microseconds{2}, microseconds{3},  microseconds{4},
        microseconds{5}, microseconds{6}, microseconds{-7},
    };
    Attempt attempt;
    attempt.started_at = result.started_at;
    attempt.timing = result.timing;
    attempt.remote_address = "[2001:db8::1]:443";
    attempt.reused_connection = true;
    attempt.redirects = {{301, "https://origin.test/a"}, {302, ""}};
    attempt.tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", true, "ok"};
    attempt.status = 503;
    attempt.code = failure_code::http_status;
    attempt.detail = std::string("with a zero \0 byte", 18);
    attempt.retry = "retried after 213 ms: http.status_503";
    result.attempts = {attempt, Attempt{}};
    result.body = {9, 1U << 28U, 4096, 700, true};
    result.extract = {10, 1U << 20U, 900, 300, true};
    return result;
}

std::string encoded(const ItemResult& result) {
    std::string bytes;
    encode(bytes, result);
    return bytes;
}

TEST(RowCodec, AResultComesBackWhole) {
    ItemResult plain;
    plain.state = item_state::succeeded;

    EXPECT_EQ(decode_result(encoded(full_result())), full_result());
    EXPECT_EQ(decode_result(encoded(plain)), plain);
}

TEST(RowCodec, AttemptsAreLeftOutWhenNotWanted) {
    auto expected = full_result();
    expected.attempts.clear();

    EXPECT_EQ(decode_result(encoded(full_result()), result_detail::without_attempts), expected);
}

TEST(RowCodec, EveryTruncationIsRefused) {
    const auto bytes = encoded(full_result());

    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(decode_result(bytes.substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_result(bytes + '\0')) << "nor is there anything behind it";
}

TEST(RowCodec, ABodyThatIsNowhereIsRefused) {
    auto result = full_result();
    result.sha256->fill(0);
    auto bytes = encoded(result);
    const auto behind_digest = bytes.rfind(std::string(32, '\0')) + 32;
    ASSERT_EQ(bytes.at(behind_digest), 9) << "the segment";
    bytes[behind_digest] = 0;

    EXPECT_FALSE(decode_result(bytes));
}

TEST(RowCodec, AStateThatIsNotTerminalIsRefused) {
    auto result = full_result();
    result.state = item_state::running;

    EXPECT_FALSE(decode_result(encoded(result)));
}

TEST(RowCodec, ItemsAndTalliesComeBack) {
    std::string bytes;
    encode(bytes, Item{5, "http://a.test/", R"({"id":"x"})", {}});
    const auto item = decode_item(bytes);
    ASSERT_TRUE(item);
    EXPECT_EQ(item->url, "http://a.test/");
    EXPECT_EQ(item->extras, R"({"id":"x"})");
    EXPECT_FALSE(decode_item(bytes.substr(1)));

    JobTally tally{1, 2, 3, 4, 1U << 31U, {{21, 5}, {40U << 16U | 404U, 6}}, {{200, 7}, {404, 6}}};
    bytes.clear();
    encode(bytes, tally);
    EXPECT_EQ(decode_tally(bytes), tally);
    EXPECT_FALSE(decode_tally(bytes.substr(0, bytes.size() - 1)));
    EXPECT_FALSE(decode_tally(""));
}

TEST(BlockCodec, RecordsComeBackInOrder) {
    BlockWriter writer{1};
    for (const char* record : {"one", "", "three"}) {
        writer.add(record);
    }
    const std::string block{writer.finish()};

    BlockReader reader{block, 1};
    EXPECT_EQ(reader.next(), "one");
    EXPECT_EQ(reader.next(), "");
    EXPECT_EQ(reader.next(), "three");
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_TRUE(reader.ok());
}

TEST(BlockCodec, EveryFlippedBitIsNoticed) {
    BlockWriter writer{1};
    writer.add("a record of some length");
    writer.add("and another");
    const std::string block{writer.finish()};

    for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
        auto damaged = block;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        BlockReader reader{damaged, 1};
        EXPECT_EQ(reader.next(), std::nullopt) << bit;
        EXPECT_FALSE(reader.ok()) << bit;
    }
    EXPECT_FALSE((BlockReader{block, 2}.ok())) << "another version";
    EXPECT_FALSE((BlockReader{"", 1}.ok()));
}

TEST(BlockCodec, SeqBlocksComeBackAndNoticeDamage) {
    SeqBlock block;
    block.seqs[0] = 1;
    block.seqs[200] = 0xFFFFFFFF;
    std::string bytes;
    encode(bytes, block);

    EXPECT_EQ(decode_seq_block(bytes), block);
    EXPECT_EQ(bytes.size(), 201U * 4 + 4) << "zeros at the end cost nothing";
    bytes[10] ^= 1;
    EXPECT_EQ(decode_seq_block(bytes), std::nullopt);
    EXPECT_EQ(decode_seq_block(""), std::nullopt);
}

TEST(ByteCodec, NumbersComeBackAtEveryLength) {
    for (unsigned shift = 0; shift < 64; ++shift) {
        const std::uint64_t number = (std::uint64_t{1} << shift) + shift;
        std::string bytes;
        ByteWriter writer{bytes};
        writer.number(number);
        writer.signed_number(-static_cast<std::int64_t>(number >> 1U));

        ByteReader reader{bytes};
        EXPECT_EQ(reader.number(), number);
        EXPECT_EQ(reader.signed_number(), -static_cast<std::int64_t>(number >> 1U));
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(ByteCodec, MoreThanSixtyFourBitsAreRefused) {
    ByteReader too_long{std::string_view{"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10}};
    EXPECT_EQ(too_long.number(), 0U);
    EXPECT_FALSE(too_long.ok());

    ByteReader endless{std::string_view{"\x80\x80", 2}};
    EXPECT_EQ(endless.number(), 0U);
    EXPECT_FALSE(endless.ok());
}

TEST(RowCodec, RandomBytesAreRefusedOrReadWithoutHarm) {
    const std::uint64_t seed = FastRandom{}.bits();
    SCOPED_TRACE(seed);
    FastRandom random{seed};
    const auto good = encoded(full_result());

    for (int round = 0; round < 20'000; ++round) {
        auto bytes = good;
        for (auto changes = random.up_to(4) + 1; changes > 0; --changes) {
            bytes[random.up_to(bytes.size() - 1)] = static_cast<char>(random.bits());
        }
        bytes.resize(bytes.size() - random.up_to(3));
        const auto result = decode_result(bytes);
        if (result) {
            EXPECT_EQ(decode_result(encoded(*result)), result);
        }
    }
}

}  // namespace
}  // namespace fanfetch
