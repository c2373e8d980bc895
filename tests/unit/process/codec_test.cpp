#include "process/codec.hpp"

#include "tasks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace fanfetch {
namespace {

template <class T>
std::string encoded(const T& value) {
    std::string out;
    Codec<T>::encode(out, value);
    return out;
}

template <class T>
T decoded(std::string_view bytes) {
    ByteSource in{bytes};
    auto value = Codec<T>::decode(in);
    in.expect_end();
    return value;
}

/// Comes back as it was, and every shorter piece of its bytes is refused.
template <class T>
void expect_round_trip(const T& value) {
    const auto bytes = encoded(value);
    EXPECT_EQ(decoded<T>(bytes), value);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        EXPECT_THROW((void)decoded<T>(bytes.substr(0, cut)), DecodeError) << cut;
    }
    EXPECT_THROW((void)decoded<T>(bytes + 'x'), DecodeError);
}

enum class colour : std::uint16_t { red = 7, blue = 500 };

TEST(Codec, Ppe04EveryTypeComesBackAndEveryShortFormIsRefused) {
    expect_round_trip(42);
    expect_round_trip(std::numeric_limits<std::int64_t>::min());
    expect_round_trip(2.5);
    expect_round_trip(true);
    expect_round_trip('c');
    expect_round_trip(colour::blue);
    expect_round_trip(std::byte{200});
    expect_round_trip(std::monostate{});
    expect_round_trip(std::chrono::milliseconds{-5});
    expect_round_trip(std::string{"a\0b", 3});
    expect_round_trip(std::string{});
    expect_round_trip(std::vector<int>{1, -2, 3});
    expect_round_trip(std::vector<int>{});
    expect_round_trip(std::vector<bool>{true, false, true});
    expect_round_trip(std::vector<std::string>{"one", "", "three"});
    expect_round_trip(std::vector<std::vector<std::byte>>{{std::byte{1}}, {}});
    expect_round_trip(std::vector<std::monostate>(3));
    expect_round_trip(std::pair<int, std::string>{1, "one"});
    expect_round_trip(std::tuple<bool, double, std::string>{true, 0.5, "x"});
    expect_round_trip(std::optional<std::string>{});
    expect_round_trip(std::optional<std::string>{"there"});
    expect_round_trip(testing::Point{3, "three"});
    expect_round_trip(std::vector<std::optional<testing::Point>>{testing::Point{1, "a"}, {}});
}

TEST(Codec, Sbx04AClaimedLengthIsCheckedBeforeRoomIsMadeForIt) {
    const std::string four_billion(4, '\xff');

    EXPECT_THROW((void)decoded<std::string>(four_billion + "abc"), DecodeError);
    EXPECT_THROW((void)decoded<std::vector<std::uint64_t>>(four_billion + "abc"), DecodeError);
    EXPECT_THROW((void)decoded<std::vector<std::string>>(four_billion + "abc"), DecodeError);
    EXPECT_THROW((void)decoded<std::vector<std::monostate>>(four_billion + "abc"), DecodeError);
}

TEST(Codec, Sbx04ABoolIsTrueOrFalse) {
    EXPECT_THROW((void)decoded<bool>("\2"), DecodeError);
    EXPECT_THROW((void)decoded<std::optional<int>>("\7\1\1\1\1"), DecodeError);
}

TEST(Task, Ppe03IsAFunctionToo) {
    EXPECT_EQ(testing::square(5), 25);
    EXPECT_EQ(testing::move_point(testing::Point{1, "p"}, 2), (testing::Point{3, "p"}));
}

TEST(Task, Ppe03TwoTasksCannotHaveOneName) {
    EXPECT_THROW((void)register_task<"square">([](int n) { return n; }), std::logic_error);
}

}  // namespace
}  // namespace fanfetch
