#include "http/event_stream.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::string_literals;

std::string written(const ServerEvent& event) {
    std::string out;
    append_event(out, event);
    return out;
}

TEST(EventStream, WritesTheFieldsThatThereAre) {
    EXPECT_EQ(
        written({.name = "item", .id = "7", .data = "{}"}), "event: item\nid: 7\ndata: {}\n\n"
    );
    EXPECT_EQ(written({.data = "x"}), "data: x\n\n");
}

TEST(EventStream, Inj05DataCannotBreakOutOfItsEvent) {
    EXPECT_EQ(
        written({.data = "a\nid: 9\r\n\r\nevent: job\rz"}),
        "data: a\ndata: id: 9\ndata: \ndata: event: job\ndata: z\n\n"
    );
    EXPECT_EQ(written({.data = "a\n"}), "data: a\ndata: \n\n");
}

TEST(EventStream, Inj05NameAndIdAreOneLine) {
    std::string out = "before";
    for (const auto& bad : {"1\n2"s, "1\r2"s, "1\0002"s}) {
        EXPECT_THROW(append_event(out, {.name = bad}), std::logic_error);
        EXPECT_THROW(append_event(out, {.id = bad}), std::logic_error);
    }
    EXPECT_EQ(out, "before");
}

TEST(EventStream, HeartbeatIsAComment) {
    std::string out;
    append_heartbeat(out);
    append_reconnection_time(out, 500);
    EXPECT_EQ(out, ":\n\nretry: 500\n\n");
}

}  // namespace
}  // namespace fanfetch
