#include "settings.hpp"

#include "settings_table.hpp"
#include "support/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <unistd.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace fanfetch::literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::source_tree;

constexpr Machine machine{3, ByteSize{std::uint64_t{4} << 30U}};

/// A file that is gone at the end of the test.
class TempFile {
public:
    explicit TempFile(std::string_view text)
        : path_{::testing::TempDir() + "settings_" + std::to_string(::getpid()) + ".toml"} {
        std::ofstream{path_} << text;
    }
    ~TempFile() { std::filesystem::remove(path_); }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

LoadedSettings load(
    const std::string& file, std::vector<std::string> environment = {},
    std::vector<std::string> overrides = {}
) {
    return load_settings({file, std::move(environment), std::move(overrides), machine});
}

LoadedSettings load_text(std::string_view text) {
    const TempFile file{text};
    return load(file.path());
}

std::string read_file(const std::string& path) {
    std::ifstream file{source_tree() / path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(Settings, DefaultsHoldWhenNothingIsSaid) {
    const auto loaded = load("");

    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_THAT(loaded.warnings, IsEmpty());
    const auto& settings = loaded.settings;
    EXPECT_EQ(settings.listen.address, "127.0.0.1");
    EXPECT_EQ(settings.listen.port, 8080);
    EXPECT_EQ(settings.data.dir, "./data");
    EXPECT_EQ(settings.data.durability, durability::full);
    EXPECT_EQ(settings.data.min_free, 1_GiB);
    EXPECT_EQ(settings.shards, 3U);
    EXPECT_EQ(settings.auth.mode, auth_mode::automatic);
    EXPECT_EQ(settings.egress.bandwidth, std::nullopt);
    EXPECT_EQ(settings.host.max_concurrency, 64U);
    EXPECT_EQ(settings.host.max_retry_after, 1h);
    EXPECT_EQ(settings.fetch.max_header_bytes, 64_KiB);
    EXPECT_FALSE(settings.fetch.allow_insecure_tls);
    EXPECT_EQ(settings.limits.memory, 2_GiB);
    EXPECT_EQ(settings.limits.max_wait, 60s);
    EXPECT_EQ(settings.shutdown.grace, 25s);
    EXPECT_EQ(settings.log.level, log_level::info);
    EXPECT_EQ(default_job_options(settings), JobOptions{});
}

TEST(Settings, EveryRowsDefaultIsWithinItsBounds) {
    std::set<std::string> names;
    for (const auto& row : setting_rows()) {
        Settings settings{};

        EXPECT_EQ(set_value(row, row.default_text, settings), std::nullopt) << row.key;
        EXPECT_FALSE(row.help.empty()) << row.key;
        EXPECT_TRUE(names.insert(environment_name(row.key)).second) << row.key;
    }
}

TEST(Settings, EveryRowHasAMemberOfItsOwn) {
    Settings settings{};
    std::set<const void*> members;
    for (const auto& row : setting_rows()) {
        const auto* const member = std::visit(
            [](auto slot) -> const void* {
                if constexpr (std::is_same_v<decltype(slot), WordSlot>) {
                    return slot.index;
                } else {
                    return slot;
                }
            },
            row.slot(settings)
        );

        EXPECT_TRUE(members.insert(member).second) << row.key;
    }
}

TEST(Settings, ALaterSourceBeatsAnEarlierOne) {
    const TempFile file{
        "[listen]\nport = 1\n[log]\nlevel = \"debug\"\n[limits]\nmax_wait = \"5s\"\n"};

    const auto loaded = load(
        file.path(), {"FANFETCH_LISTEN_PORT=2", "FANFETCH_LOG_LEVEL=warn", "PATH=/bin"},
        {"listen.port=3"}
    );

    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_EQ(loaded.settings.listen.port, 3);
    EXPECT_EQ(loaded.settings.log.level, log_level::warn);
    EXPECT_EQ(loaded.settings.limits.max_wait, 5s);
}

TEST(Settings, ReadsEveryTypeFromAFile) {
    const auto loaded = load_text(R"(
shards = 2
[data]
durability = "os"
min_free = 1048576
[egress]
allow = ["10.0.0.0/8", "example.com:8080"]
ports = [80, "8000-8999"]
[fetch]
allow_insecure_tls = true
connect_timeout = "1.5s"
total_timeout = 90
max_body_bytes = "1MiB"
[limits]
memory = "auto"
)");

    EXPECT_THAT(loaded.errors, IsEmpty());
    const auto& settings = loaded.settings;
    EXPECT_EQ(settings.shards, 2U);
    EXPECT_EQ(settings.data.durability, durability::os);
    EXPECT_EQ(settings.data.min_free, 1_MiB);
    EXPECT_THAT(settings.egress.allow, ElementsAre("10.0.0.0/8", "example.com:8080"));
    EXPECT_THAT(settings.egress.ports, ElementsAre("80", "8000-8999"));
    EXPECT_TRUE(settings.fetch.allow_insecure_tls);
    EXPECT_EQ(settings.fetch.connect_timeout, 1500ms);
    EXPECT_EQ(settings.fetch.total_timeout, 90s);
    EXPECT_EQ(settings.limits.memory, 2_GiB);
    EXPECT_EQ(default_job_options(settings).fetch.max_body_bytes, 1U << 20U);
}

TEST(Settings, EnvironmentListsAreSeparatedByCommas) {
    const auto loaded =
        load("", {"FANFETCH_EGRESS_ALLOW=10.0.0.0/8, ::1,", "FANFETCH_DATA_MIN_FREE=5MB"});

    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_THAT(loaded.settings.egress.allow, ElementsAre("10.0.0.0/8", "::1"));
    EXPECT_EQ(loaded.settings.data.min_free, ByteSize{5'000'000});
}

TEST(Settings, EverythingThatIsWrongIsReportedAtOnce) {
    const TempFile file{
        "[listen]\nport = \"eighty\"\nprot = 80\n\n[nothing]\nhere = 1\n[log]\nformat = "
        "[\"text\"]\n"
        "[data]\ndurability = 1979-05-27\n"};

    const auto loaded = load(
        file.path(), {"FANFETCH_SHARDS=0", "FANFETCH_PORT_8080_TCP=tcp://10.0.0.1:8080"},
        {"shards", "no.such=1", "log.level=loud", "limits.max_wait=2h"}
    );

    const auto at = [&file](int line) { return file.path() + ":" + std::to_string(line) + ": "; };
    EXPECT_THAT(
        loaded.errors,
        ElementsAre(
            at(2) + "listen.port: expected whole number from 0 to 65535, found \"eighty\"",
            at(3) + "there is no setting listen.prot", at(6) + "there is no setting nothing.here",
            at(8) + "log.format: expected no list",
            at(10) + "data.durability: expected no date or time",
            "FANFETCH_SHARDS: shards: expected whole number from 1 to 256 or auto, found \"0\"",
            "command line: shards: expected key=value", "command line: there is no setting no.such",
            "command line: log.level: expected word debug, info, warn, error or off, found "
            "\"loud\"",
            "command line: limits.max_wait: expected duration from 0s to 1h, found \"2h\""
        )
    );
    EXPECT_THAT(
        loaded.warnings,
        ElementsAre("the variable FANFETCH_PORT_8080_TCP is no setting and is ignored")
    );
}

TEST(Settings, AFileThatCannotBeReadIsAnError) {
    const auto missing = load("/no/such/file.toml");
    const auto broken = load_text("[listen\nport = 1\n");

    ASSERT_EQ(missing.errors.size(), 1U);
    EXPECT_THAT(
        missing.errors[0], HasSubstr("/no/such/file.toml: reading the settings: No such file")
    );
    ASSERT_EQ(broken.errors.size(), 1U);
    EXPECT_THAT(broken.errors[0], HasSubstr(".toml:1: "));
}

TEST(Settings, ValuesMustFitTogether) {
    const auto error_of = [](std::vector<std::string> overrides) {
        const auto loaded = load("", {}, std::move(overrides));
        return loaded.errors.size() == 1 ? loaded.errors[0] : std::to_string(loaded.errors.size());
    };

    EXPECT_THAT(
        error_of({"listen.address=localhost"}), HasSubstr("listen.address: expected an IP")
    );
    EXPECT_EQ(error_of({"listen.address=::1"}), "0");
    EXPECT_EQ(error_of({"listen.address=127.1.2.3"}), "0");
    EXPECT_THAT(error_of({"egress.allow=10.0.0.1/8"}), HasSubstr("egress.allow: "));
    EXPECT_THAT(error_of({"egress.ports=99999"}), HasSubstr("egress.ports: "));
    EXPECT_THAT(error_of({"egress.proxy=socks://p:1"}), HasSubstr("egress.proxy: expected http"));
    EXPECT_EQ(error_of({"egress.proxy=http://user:s3cret@p"}), "0");
    EXPECT_THAT(
        error_of({"egress.proxy=http://user:s3cret@p:99999"}),
        ::testing::AllOf(HasSubstr("egress.proxy: "), ::testing::Not(HasSubstr("s3cret")))
    );
    EXPECT_THAT(error_of({"dns.servers=dns.test"}), HasSubstr("dns.servers: expected an IP"));
    EXPECT_EQ(error_of({"dns.servers=192.0.2.1,[::1]:5353"}), "0");
    EXPECT_THAT(error_of({"job.default_concurrency=2000"}), HasSubstr("job.max_concurrency"));
    EXPECT_THAT(error_of({"fetch.max_body_bytes=2GiB"}), HasSubstr("limits.max_body_bytes"));
    EXPECT_THAT(error_of({"fetch.max_redirects=51"}), HasSubstr("limits.max_redirects"));
    EXPECT_THAT(error_of({"limits.max_total_timeout=110s"}), HasSubstr("fetch.total_timeout"));
    EXPECT_THAT(error_of({"fetch.user_agent=a\nb"}), HasSubstr("fetch.user_agent"));
    EXPECT_THAT(error_of({"store.url=mysql:"}), HasSubstr("store.url"));
}

TEST(Settings, PrintingShowsNoPassword) {
    const auto printed =
        print_settings(load("", {}, {"egress.proxy=http://user:s3cret@proxy.test:3128"}));

    EXPECT_THAT(printed, HasSubstr("http://user:***@proxy.test:3128"));
    EXPECT_THAT(printed, ::testing::Not(HasSubstr("s3cret")));
}

TEST(Settings, RatesAreASecond) {
    const auto* const row =
        std::ranges::find(setting_rows(), std::string_view{"host.max_rate"}, &SettingRow::key)
            .base();
    Settings settings{};

    EXPECT_EQ(set_value(*row, "30/m", settings), std::nullopt);
    EXPECT_EQ(settings.host.max_rate, 0.5);
    EXPECT_EQ(set_value(*row, "2.5", settings), std::nullopt);
    EXPECT_EQ(settings.host.max_rate, 2.5);
    EXPECT_NE(set_value(*row, "0", settings), std::nullopt);
    EXPECT_NE(set_value(*row, "inf", settings), std::nullopt);
    EXPECT_NE(set_value(*row, "1/w", settings), std::nullopt);
}

TEST(Settings, PrintedSettingsLoadBackToTheSame) {
    const auto loaded = load(
        "", {"FANFETCH_LOG_FORMAT=json"},
        {"egress.allow=10.0.0.0/8,a.test", "shards=1", "fetch.user_agent=x\"y\\z", "data.dir=/d #1",
         "limits.max_wait=1500ms"}
    );
    ASSERT_THAT(loaded.errors, IsEmpty());

    const auto text = print_settings(loaded);
    const auto again = load_text(text);

    EXPECT_THAT(again.errors, IsEmpty()) << text;
    for (const auto& row : setting_rows()) {
        EXPECT_EQ(toml_value(row, again.settings), toml_value(row, loaded.settings)) << row.key;
    }
    EXPECT_THAT(text, HasSubstr("format = \"json\"  # FANFETCH_LOG_FORMAT\n"));
    EXPECT_THAT(text, HasSubstr("shards = 1  # command line\n"));
    EXPECT_THAT(text, HasSubstr("port = 8080  # default\n"));
}

TEST(Settings, TheReferenceIsWhatTheTableSays) {
    EXPECT_EQ(read_file("config/README.md"), settings_reference());
}

TEST(Settings, TheExampleIsWhatTheTableSays) {
    EXPECT_EQ(read_file("config/fanfetch.toml"), settings_example());
}

TEST(Settings, TheExampleHoldsTheDefaults) {
    std::string text = settings_example();
    for (auto at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
        if (text[at + 2] != ' ') {
            text.erase(at + 1, 1);
        }
    }

    const auto loaded = load_text(text);

    EXPECT_THAT(loaded.errors, IsEmpty());
    const auto defaults = load("");
    for (const auto& row : setting_rows()) {
        EXPECT_EQ(toml_value(row, loaded.settings), toml_value(row, defaults.settings)) << row.key;
    }
}

TEST(Settings, TheFileForDevelopmentLoads) {
    EXPECT_THAT(load(source_tree() / "config/dev.toml").errors, IsEmpty());
}

}  // namespace
}  // namespace fanfetch
