#include "archive/packer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace fanfetch {
namespace {

constexpr WallTime some_time{std::chrono::seconds{1'700'000'000}};

TEST(Packer, BytesComeWhileAMemberIsWritten) {
    for (const auto format : {pack_format::tar, pack_format::zip}) {
        Packer packer{format};
        const std::string piece(1U << 20U, 'x');
        packer.begin("00000000-a", 4 * piece.size(), some_time);
        std::size_t most = 0;
        std::size_t sum = 0;
        for (int i = 0; i < 4; ++i) {
            packer.put(piece);
            most = std::max(most, packer.pending().size());
            sum += packer.pending().size();
            packer.pending().clear();
        }
        packer.finish();
        sum += packer.pending().size();
        EXPECT_GT(sum, 0U);
        EXPECT_LE(most, piece.size() + (64U << 10U)) << "no more than was put in is held";
    }
}

TEST(Packer, AMemberHasTheBytesItWasAnnouncedWith) {
    Packer packer{pack_format::tar};
    packer.begin("a", 3, some_time);
    EXPECT_THROW(packer.put("abcd"), std::logic_error);
    packer.put("ab");
    EXPECT_THROW(packer.begin("b", 0, some_time), std::logic_error);
    EXPECT_THROW(packer.finish(), std::logic_error);
    packer.put("c");
    EXPECT_NO_THROW(packer.finish());
}

TEST(Packer, CanBeGivenUp) {
    for (const auto format : {pack_format::tar, pack_format::zip}) {
        Packer packer{format};
        packer.begin("a", 1'000'000, some_time);
        packer.put("abc");
    }
}

TEST(Packer, TarIsWholeBlocksOfNobody) {
    Packer packer{pack_format::tar};
    packer.begin("a.txt", 5, some_time);
    packer.put("hello");
    packer.finish();

    const auto& tar = packer.pending();
    EXPECT_EQ(tar.size() % 512, 0U);
    EXPECT_EQ(tar.substr(0, 6), std::string("a.txt\0", 6));
    EXPECT_EQ(tar.substr(100, 7), std::string("000644 ", 7));
    EXPECT_EQ(tar.substr(512, 5), "hello");
}

}  // namespace
}  // namespace fanfetch
