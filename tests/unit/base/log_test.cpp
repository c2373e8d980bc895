#include "base/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace fanfetch {
namespace {

const WallTime moment{std::chrono::milliseconds{1'795'297'979'123}};

class StoppedClock final : public Clock {
public:
    [[nodiscard]] Steady::time_point now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return moment; }
};

TEST(Logger, WritesOneJsonObjectALine) {
    const std::string id = "job_1";

    const auto line = json_log_line(
        moment, log_level::warn, "fetch_failed",
        {{"job", id},
         {"item", 3U},
         {"change", -2},
         {"seconds", 0.25},
         {"again", true},
         {"code", "dns.timeout"}}
    );

    EXPECT_EQ(
        line,
        R"({"time":"2026-11-21T21:52:59.123Z","level":"warn","event":"fetch_failed",)"
        R"("job":"job_1","item":3,"change":-2,"seconds":0.25,"again":true,"code":"dns.timeout"})"
    );
}

TEST(Logger, WritesTextForPeople) {
    const auto line = text_log_line(
        moment, log_level::info, "ready", {{"address", "127.0.0.1"}, {"note", "two words"}}
    );

    EXPECT_EQ(line, "2026-11-21T21:52:59.123Z info  ready address=127.0.0.1 note=\"two words\"");
}

TEST(Logger, Inj01NoRawControlByteGetsOutInEitherForm) {
    std::string hostile;
    for (int c = 0; c < 256; ++c) {
        hostile += static_cast<char>(c);
    }
    hostile += "\u2028\u2029\u0085";
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };

    const auto json = json_log_line(moment, log_level::info, "event", {{"value", hostile}});
    const auto text = text_log_line(moment, log_level::info, "event", {{"value", hostile}});

    for (const auto& line : {json, text}) {
        EXPECT_TRUE(std::ranges::none_of(line, control));
        EXPECT_EQ(line.find("\u2028"), std::string::npos);
        EXPECT_EQ(line.find("\u0085"), std::string::npos);
    }
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
    std::ostringstream out;
    const StoppedClock clock;
    Logger log{
        std::make_shared<spdlog::sinks::ostream_sink_mt>(out), log_level::warn, log_format::text,
        clock};

    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d", {{"n", 1}});

    EXPECT_EQ(
        out.str(),
        "2026-11-21T21:52:59.123Z warn  c\n"
        "2026-11-21T21:52:59.123Z error d n=1\n"
    );
    EXPECT_FALSE(log.wants(log_level::info));
}

TEST(Logger, SaysNothingWhenOff) {
    std::ostringstream out;
    Logger log{
        std::make_shared<spdlog::sinks::ostream_sink_mt>(out), log_level::off, log_format::json};

    log.error("anything");

    EXPECT_EQ(out.str(), "");
}

TEST(RedactUrl, DropsCredentialsQueryAndFragment) {
    EXPECT_EQ(redact_url("https://example.com/a?token=secret#x"), "https://example.com/a");
    EXPECT_EQ(redact_url("https://user:p@ss@example.com/a@b"), "https://example.com/a@b");
    EXPECT_EQ(redact_url("user:pass@example.com/a"), "example.com/a");
    EXPECT_EQ(redact_url("http://user:pass@h"), "http://h");
    EXPECT_EQ(redact_url(""), "");
    EXPECT_EQ(redact_url("http://h/" + std::string(2'000, 'a')).size(), 512U);
}

}  // namespace
}  // namespace fanfetch
