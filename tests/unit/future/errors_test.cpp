#include "future/errors.hpp"

#include "future/promise.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace fanfetch {
namespace {

template <class... Errors>
constexpr bool all_are_errors = (std::is_base_of_v<Error, Errors> && ...);

std::exception_ptr runtime_error(const char* text) {
    return std::make_exception_ptr(std::runtime_error{text});
}

TEST(Errors, Gen04OneCatchSeesEveryFailureOfTheLibrary) {
    static_assert(std::is_base_of_v<std::runtime_error, Error>);
    static_assert(all_are_errors<
                  CancelledError, TimeoutError, InvalidStateError, BrokenPromise, ExecutorShutdown,
                  BrokenExecutor, RemoteError, ExceptionGroup>);
    static_assert(std::is_base_of_v<BrokenExecutor, BrokenThreadPool>);
    static_assert(std::is_base_of_v<BrokenExecutor, BrokenProcessPool>);
}

TEST(Errors, Gen04AGroupDescribesItsMembers) {
    const ExceptionGroup group{"gathering", {runtime_error("one"), runtime_error("two")}};

    EXPECT_EQ(group.errors().size(), 2U);
    EXPECT_STREQ(
        group.what(), "gathering (2 errors): std::runtime_error: one; std::runtime_error: two"
    );
}

TEST(Errors, Gen04ARemoteErrorKeepsItsParts) {
    const RemoteError error{"std::bad_alloc", "std::bad_alloc", "worker 3"};

    EXPECT_EQ(error.type(), "std::bad_alloc");
    EXPECT_EQ(error.text(), "std::bad_alloc");
    EXPECT_EQ(error.worker(), "worker 3");
}

TEST(Errors, DescribesWhateverWasThrown) {
    EXPECT_EQ(describe(runtime_error("no such file")), "std::runtime_error: no such file");
    EXPECT_EQ(describe(std::make_exception_ptr(5)), "int");
    EXPECT_EQ(describe(nullptr), "none");
}

TEST(Errors, Gen06TheLoggerIsReplaceable) {
    std::vector<std::string> seen;
    auto before =
        set_error_logger([&seen](std::string_view where, const std::exception_ptr& error) {
            seen.push_back(std::string{where} + ": " + describe(error));
        });

    report_error("testing", runtime_error("oops"));
    set_error_logger(std::move(before));

    EXPECT_EQ(seen, std::vector<std::string>{"testing: std::runtime_error: oops"});
}

TEST(Errors, Gen06TheDefaultWritesOneLineToStandardError) {
    auto before = set_error_logger({});
    ::testing::internal::CaptureStderr();

    report_error("testing", runtime_error("oops"));
    const auto written = ::testing::internal::GetCapturedStderr();
    set_error_logger(std::move(before));

    EXPECT_EQ(written, "testing: std::runtime_error: oops\n");
}

TEST(Errors, Gen06ALoggerThatThrowsIsIgnored) {
    auto before = set_error_logger([](auto, const auto&) { throw std::runtime_error{"full"}; });

    EXPECT_NO_THROW(report_error("testing", runtime_error("oops")));

    set_error_logger(std::move(before));
}

TEST(Errors, Gen05TheLoggerMayUseTheLibrary) {
    int calls = 0;
    auto before = set_error_logger([&calls](auto, const auto&) {
        ++calls;
        set_error_logger(set_error_logger({}));  // would deadlock under the slot's lock
        EXPECT_EQ(make_ready(7).result(), 7);
    });

    report_error("testing", runtime_error("oops"));
    set_error_logger(std::move(before));

    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace fanfetch
