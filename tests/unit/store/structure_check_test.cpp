#include "store/sqlite/structure_check.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace fanfetch::sqlite {
namespace {

using namespace std::chrono_literals;

constexpr std::streamsize page_size = 4096;

/// A database of some 20 MiB, of which one page is damaged if asked for: one with the first rows of
/// its table, which SQLite walks through from the last.
class StructureCheckTest : public testing::Test {
protected:
    StructureCheckTest() {
        std::filesystem::create_directory(folder_);
        Connection connection{path_, access::create};
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)");
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO t SELECT i, randomblob(1000) FROM n"
        );
    }
    ~StructureCheckTest() override { std::filesystem::remove_all(folder_); }

    void damage() const {
        constexpr std::streamoff page = 5;
        std::fstream file{path_, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(page * page_size);
        file << std::string(page_size, '\xEE');
    }

    [[nodiscard]] bool passes(std::chrono::milliseconds limit) const {
        Connection connection{path_, access::read};
        try {
            check_structure(connection, limit);
            return true;
        } catch (const DatabaseError& error) {
            EXPECT_EQ(error.code(), SQLITE_CORRUPT) << error.what();
            return false;
        }
    }

    const std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                          ("fanfetch-structure-" + std::to_string(::getpid()));
    const std::string path_ = folder_ / "test.db";
};

TEST_F(StructureCheckTest, PassesAWholeDatabase) {
    EXPECT_TRUE(passes(1min));
}

TEST_F(StructureCheckTest, Crs07FindsADamagedPage) {
    damage();

    EXPECT_FALSE(passes(1min));
}

TEST_F(StructureCheckTest, Crs15GivesUpWhenItTakesTooLong) {
    damage();

    // That page is not reached in a millisecond; a busy machine may need a few tries to show it.
    bool gave_up = false;
    for (int i = 0; i < 100 && !gave_up; ++i) {
        gave_up = passes(1ms);
    }

    EXPECT_TRUE(gave_up);
}

TEST_F(StructureCheckTest, LeavesTheConnectionUsable) {
    Connection connection{path_, access::read};

    check_structure(connection, 0ms);

    EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 20'000);
}

}  // namespace
}  // namespace fanfetch::sqlite
