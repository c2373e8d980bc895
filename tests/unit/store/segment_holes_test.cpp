#include "store/segment_holes.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"
#include "store/segment_reader.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <string>

#include <sys/stat.h>

namespace fanfetch::testing {
namespace {

constexpr std::uint64_t end_length = warc_record_end.size();

BodyRef body_at(std::uint64_t segment, std::uint64_t offset, std::uint64_t length) {
    BodyRef body;
    body.segment = segment;
    body.offset = offset;
    body.record_length = length;
    return body;
}

TEST(SegmentHoles, NeighboursAreJoinedInWhateverOrderTheyCome) {
    SegmentHoles holes;
    holes.add(body_at(2, 0, 100));
    holes.add(body_at(1, 100 + end_length, 50));
    holes.add(body_at(1, 0, 100));
    holes.add(body_at(1, 1000, 10));
    holes.add(body_at(1, 0, 100));  // a copy of the first
    holes.add(body_at(0, 0, 0));    // nothing was stored

    const auto ranges = holes.ranges();

    EXPECT_EQ(
        ranges,
        (std::vector<DeadRange>{
            {1, 0, 150 + 2 * end_length}, {1, 1000, 10 + end_length}, {2, 0, 100 + end_length}})
    );
}

/// A segment with records of these lengths, as their references.
std::vector<BodyRef> write_segment(SegmentFiles& files, const std::vector<std::size_t>& payloads) {
    auto file = files.create(1).value();
    FastRandom random;
    std::vector<BodyRef> bodies;
    std::uint64_t at = 0;
    for (const auto length : payloads) {
        std::string record;
        WarcResponse response;
        response.target_url = "http://a.test/";
        response.block_length = length;
        append_warc_response(record, response, random);
        const auto header = record.size();
        record.append(length, 'x').append(warc_record_end);
        EXPECT_TRUE(file.write_at(at, record).has_value());
        auto body = body_at(1, at, header + length);
        body.payload_offset = static_cast<std::uint32_t>(header + 2);
        body.has_payload = true;
        bodies.push_back(body);
        at += record.size();
    }
    return bodies;
}

TEST(SegmentHoles, WhatIsAliveCanBeReadAndTheFileIsWarcToItsEnd) {
    const StoreDirectory directory;
    SegmentFiles files{directory.path().string(), durability::full, {}};
    const auto bodies = write_segment(files, {1000, 2'000'000, 3'000'000, 500});
    const auto path = (directory.path() / SegmentFiles::name_of(1)).string();
    struct stat before {};
    ::stat(path.c_str(), &before);

    SegmentHoles holes;
    holes.add(bodies[1]);
    holes.add(bodies[2]);
    holes.punch(files);

    struct stat after {};
    ::stat(path.c_str(), &after);
    EXPECT_EQ(after.st_size, before.st_size);
    EXPECT_LT(after.st_blocks, before.st_blocks - 9'000) << "units of 512 bytes";
    EXPECT_EQ(read_payload(files, bodies[0], 0, 10).value(), "xxxxxxxxxx");
    EXPECT_EQ(read_payload(files, bodies[3], 0, 10).value(), "xxxxxxxxxx");
    EXPECT_FALSE(read_payload(files, bodies[1], 0, 10).has_value());
    const auto file = files.open_readable(1).value();
    EXPECT_EQ(end_of_whole_records(file, file.size().value()).value(), file.size().value());
}

TEST(SegmentHoles, AFewBytesAreLeftAsTheyAre) {
    const StoreDirectory directory;
    SegmentFiles files{directory.path().string(), durability::full, {}};
    const auto bodies = write_segment(files, {1000, 1000});

    SegmentHoles holes;
    holes.add(bodies[0]);
    holes.punch(files);

    EXPECT_TRUE(read_payload(files, bodies[0], 0, 10).has_value());
}

}  // namespace
}  // namespace fanfetch::testing
