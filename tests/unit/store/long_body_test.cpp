#include "store/long_body.hpp"

#include "store/segment_reader.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace fanfetch {
namespace {

constexpr std::size_t block = File::direct_block;

class LongBodyTest : public ::testing::TestWithParam<durability> {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "long_body_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        files_ = std::make_shared<SegmentFiles>(folder_.string(), GetParam(), StoreSeams{});
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// Appends pieces of these lengths, finishes, and compares what stands in the file.
    void write_and_compare(const std::vector<std::size_t>& lengths) {
        auto body = SegmentLongBody::begin(files_, 1000).value();
        std::string all;
        for (const auto length : lengths) {
            std::string piece(length, '\0');
            for (auto& byte : piece) {
                byte = static_cast<char>('a' + next_++ % 23);
            }
            ASSERT_TRUE(body->append(piece));
            all += piece;
        }
        ResponseRecord response;
        response.target_url = "http://a.test/";
        response.head = "HTTP/1.1 200 OK\r\n";
        const auto place = body->finish(response, Sha256{}).value();

        std::ifstream file{folder_ / SegmentFiles::name_of(place.segment), std::ios::binary};
        const std::string found{std::istreambuf_iterator<char>{file}, {}};
        const auto at = place.offset + place.payload_offset;
        EXPECT_TRUE(found.substr(at, all.size()) == all) << "pieces of " << lengths.front();
        EXPECT_EQ(found.substr(at + all.size()), "\r\n\r\n");
        EXPECT_EQ(place.record_length, place.payload_offset + all.size());
    }

    std::filesystem::path folder_;
    std::shared_ptr<SegmentFiles> files_;

private:
    std::size_t next_ = 0;
};

TEST_P(LongBodyTest, WhatIsAppendedStandsThereInOnePieceWhereverItIsCut) {
    for (const std::size_t length : {std::size_t{1}, block - 1, block, block + 1}) {
        write_and_compare(std::vector<std::size_t>(7, length));
    }
    constexpr std::size_t piece = 64 * block;
    write_and_compare({piece - 1, 2, piece + 1, 0, 3 * piece - 2});
    write_and_compare({1 << 20, 262'145, 299'999, 17});
    write_and_compare({0});
    write_and_compare({5});
}

INSTANTIATE_TEST_SUITE_P(
    Each, LongBodyTest, ::testing::Values(durability::full, durability::os),
    [](const auto& one) { return one.param == durability::full ? "Full" : "Os"; }
);

/// Some file systems write past the cache whatever is written (tmpfs since Linux 6.6).
bool takes_any_direct_write(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    const bool taken = ::pwrite(file, "text", 4, 3) == 4;
    ::close(file);
    return taken;
}

TEST(FileDirect, AWriteThatTheFileSystemDoesNotTakeGoesThroughTheCache) {
    std::string folder = (std::filesystem::temp_directory_path() / "direct_XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    {
        auto file = File::create_new(folder + "/file").value();
        file.set_direct(true);
        const std::string text = "neither its length nor its place is a block's";

        ASSERT_TRUE(file.write_at(3, text));

        EXPECT_EQ(file.direct(), takes_any_direct_write(folder + "/other"));
        std::string found;
        ASSERT_TRUE(file.read_at(3, text.size(), found));
        EXPECT_EQ(found, text);
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fanfetch
