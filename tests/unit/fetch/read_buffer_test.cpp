#include "fetch/read_buffer.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace fanfetch::testing {
namespace {

TEST(ReadBuffer, GrowsWhenItWasFilledAndNotBefore) {
    ReadBuffer buffer;
    EXPECT_EQ(buffer.space().size(), ReadBuffer::small_size);

    buffer.make_room(ReadBuffer::small_size - 1);
    EXPECT_EQ(buffer.space().size(), ReadBuffer::small_size);

    buffer.make_room(ReadBuffer::small_size);
    EXPECT_EQ(buffer.space().size(), ReadBuffer::large_size);

    buffer.make_room(ReadBuffer::small_size);
    EXPECT_EQ(buffer.space().size(), ReadBuffer::large_size);

    buffer.shrink();
    EXPECT_EQ(buffer.space().size(), ReadBuffer::small_size);
}

TEST(ReadBuffer, ShowsWhatCame) {
    ReadBuffer buffer;
    std::memcpy(buffer.space().data(), "small", 5);
    EXPECT_EQ(buffer.received(5), "small");

    buffer.make_room(ReadBuffer::small_size);
    std::memcpy(buffer.space().data(), "large", 5);
    EXPECT_EQ(buffer.received(5), "large");
}

}  // namespace
}  // namespace fanfetch::testing
