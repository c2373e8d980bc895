#include "store/segment_compaction.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"
#include "store/segment_holes.hpp"
#include "store/segment_reader.hpp"
#include "store/stored_segment.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

namespace fanfetch::testing {
namespace {

namespace fs = std::filesystem;

class SegmentCompactionTest : public ::testing::Test {
protected:
    /// Segment 1 with a record for each payload.
    void write(const std::vector<std::string>& payloads) {
        auto file = files.create(1).value();
        FastRandom random;
        std::string bytes;
        append_warcinfo(bytes, SegmentFiles::name_of(1), sample_time, random);
        for (const auto& payload : payloads) {
            BodyRef body;
            body.segment = 1;
            body.offset = bytes.size();
            append_warc_response(
                bytes,
                {.target_url = "http://a.test/",
                 .remote_address = {},
                 .protocol = {},
                 .fetched_at = sample_time,
                 .block_length = 2 + payload.size()},
                random
            );
            bytes.append("\r\n");
            body.payload_offset = static_cast<std::uint32_t>(bytes.size() - body.offset);
            body.record_length = body.payload_offset + payload.size();
            body.has_payload = true;
            bytes.append(payload).append(warc_record_end);
            bodies.push_back(body);
        }
        ASSERT_TRUE(file.write_at(0, bytes).has_value());
    }
    [[nodiscard]] RecordSpan span_of(std::size_t index) const {
        const auto& body = bodies.at(index);
        return {body.offset, body.record_length + warc_record_end.size()};
    }
    Expected<std::optional<std::uint64_t>> compact(const std::vector<std::size_t>& alive) {
        std::vector<RecordSpan> spans;
        for (const auto index : alive) {
            spans.push_back(span_of(index));
        }
        return compact_segment(files, 1, spans, [this] { return go_on; });
    }
    [[nodiscard]] std::string payload(std::size_t index) const {
        const auto read = read_payload(files, bodies.at(index), 0, 4U << 20U);
        return read ? *read : read.error().detail;
    }
    [[nodiscard]] fs::path path() const { return directory.path() / SegmentFiles::name_of(1); }
    [[nodiscard]] bool replacement_left() const { return fs::exists(path().string() + ".new"); }

    static constexpr const char* erased = "reading a stored response: the record has been erased";

    StoreDirectory directory;
    std::optional<store_step> failing;
    SegmentFiles files{
        directory.path().string(), durability::full,
        StoreSeams{[this](store_step step) { return failing == step ? ENOSPC : 0; }, {}}};
    std::vector<BodyRef> bodies;
    bool go_on = true;
};

TEST_F(SegmentCompactionTest, WhatIsAliveIsFoundWhereItWas) {
    write({"zero", "one", "two", "three", "four"});
    const auto before = fs::file_size(path());

    const auto length = compact({4, 1, 2, 1});

    ASSERT_TRUE(length && *length);
    EXPECT_EQ(fs::file_size(path()), **length);
    EXPECT_LT(**length, before);
    EXPECT_EQ(payload(1), "one");
    EXPECT_EQ(payload(2), "two");
    EXPECT_EQ(payload(4), "four");
    EXPECT_EQ(payload(0), erased);
    EXPECT_EQ(payload(3), erased);
    EXPECT_FALSE(replacement_left());
}

TEST_F(SegmentCompactionTest, TheFileIsWarcToItsEnd) {
    write({"zero", "one", "two"});

    ASSERT_TRUE(compact({0, 2}).has_value());

    const auto file = files.open_readable(1).value();
    EXPECT_EQ(end_of_whole_records(file, file.size().value()).value(), file.size().value());
}

TEST_F(SegmentCompactionTest, ItCanBeDoneAgain) {
    write({"zero", "one", "two", "three", "four"});

    ASSERT_TRUE(compact({0, 1, 3}).value());
    ASSERT_TRUE(compact({1, 3}).value());

    EXPECT_EQ(payload(1), "one");
    EXPECT_EQ(payload(3), "three");
    EXPECT_EQ(payload(0), erased);
    EXPECT_FALSE(compact({0, 1}).value()) << "what is gone does not come back";
    EXPECT_EQ(payload(1), "one");
}

TEST_F(SegmentCompactionTest, WhoeverReadsTheOldFileGoesOn) {
    write({"zero", "one"});
    const auto old = StoredSegment::open_readable(files, 1).value();

    ASSERT_TRUE(compact({1}).value());

    EXPECT_FALSE(old.compacted());
    EXPECT_EQ(old.find(bodies[1].offset, 1).value(), bodies[1].offset);
    std::string bytes;
    ASSERT_TRUE(
        old.file().read_at(bodies[1].offset + bodies[1].payload_offset, 3, bytes).has_value()
    );
    EXPECT_EQ(bytes, "one");
}

TEST_F(SegmentCompactionTest, ARunEndsWhereItsLastRecordDoes) {
    write({"zero", "one", "two"});
    ASSERT_TRUE(compact({0, 1}).value());

    const auto segment = StoredSegment::open_readable(files, 1).value();
    const auto both = span_of(0).length + span_of(1).length;

    EXPECT_TRUE(segment.find(bodies[0].offset, both).value());
    EXPECT_FALSE(segment.find(bodies[0].offset, both + 1).value());
    EXPECT_FALSE(segment.find(bodies[2].offset, 1).value());
    EXPECT_FALSE(segment.find(bodies[0].offset - 1, 1).value());
}

TEST_F(SegmentCompactionTest, HolesAreMadeWhereTheRecordsAreNow) {
    const std::string large(300'000, 'x');
    write({large, "one", large, "three"});
    ASSERT_TRUE(compact({1, 2, 3}).value());
    const auto before = files.open_readable(1).value().allocated().value();

    SegmentHoles holes;
    holes.add(bodies[2]);
    holes.punch(files);

    EXPECT_LT(files.open_readable(1).value().allocated().value(), before - 200'000);
    EXPECT_EQ(payload(1), "one");
    EXPECT_EQ(payload(3), "three");
    EXPECT_NE(payload(2), large);
}

TEST_F(SegmentCompactionTest, WhatIsBeingErasedIsNotCopied) {
    const std::string large(300'000, 'x');
    write({"zero", large, "two"});
    SegmentHoles holes;
    holes.add(bodies[1]);
    holes.add(bodies[2]);
    holes.punch(files);
    const auto before = fs::file_size(path());

    const auto length = compact({0, 2});

    ASSERT_TRUE(length.has_value());
    EXPECT_FALSE(*length);
    EXPECT_EQ(fs::file_size(path()), before);
    EXPECT_FALSE(replacement_left());
}

TEST_F(SegmentCompactionTest, ItCanBeEndedBetweenTwoPieces) {
    const std::string large(1'000'000, 'x');
    write({large, large, large, large, large, large, large});
    const auto before = fs::file_size(path());
    go_on = false;

    const auto length = compact({0, 1, 2, 3, 4, 5});

    ASSERT_TRUE(length.has_value());
    EXPECT_FALSE(*length);
    EXPECT_EQ(fs::file_size(path()), before);
    EXPECT_FALSE(replacement_left());
}

TEST_F(SegmentCompactionTest, AFailureAtAnyStepLeavesARecordWhereItIs) {
    for (const auto step :
         {store_step::segment_create, store_step::segment_write, store_step::segment_sync,
          store_step::directory_sync}) {
        failing.reset();
        fs::remove(path());
        bodies.clear();
        write({"zero", "one", "two"});
        failing = step;

        EXPECT_TRUE(compact({1}).has_error()) << static_cast<int>(step);

        EXPECT_EQ(payload(1), "one") << static_cast<int>(step);
        EXPECT_FALSE(replacement_left()) << static_cast<int>(step);
    }
}

TEST_F(SegmentCompactionTest, ADamagedMapIsRefused) {
    write({"zero", "one", "two"});
    ASSERT_TRUE(compact({0, 2}).value());
    auto file = files.open_writable(1).value();
    std::string front;
    ASSERT_TRUE(file.read_at(0, 512, front).has_value());
    const auto map = front.find("\r\n\r\n") + 4;
    ASSERT_TRUE(file.write_at(map, "?").has_value());

    EXPECT_EQ(payload(0), "reading a segment: its map is damaged");
}

TEST_F(SegmentCompactionTest, WhatACrashLeftBehindIsRemoved) {
    write({"zero"});
    ASSERT_TRUE(files.create_replacement(1).has_value());
    ASSERT_TRUE(files.create_replacement(12).has_value());

    files.remove_replacements();

    EXPECT_FALSE(replacement_left());
    EXPECT_EQ(files.list().value(), std::vector<std::uint64_t>{1});
    EXPECT_EQ(payload(0), "zero");
}

}  // namespace
}  // namespace fanfetch::testing
