#include "batch/progress_reporter.hpp"

#include "future/errors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr auto never = 24h;

/// Keeps what listeners throw off the screen, and counts it.
class QuietErrors {
public:
    QuietErrors()
        : before_{set_error_logger([this](std::string_view, const std::exception_ptr&) { ++count_; }
          )} {}
    ~QuietErrors() { set_error_logger(before_); }
    QuietErrors(const QuietErrors&) = delete;
    QuietErrors& operator=(const QuietErrors&) = delete;
    [[nodiscard]] int count() const { return count_; }

private:
    std::atomic<int> count_{0};
    ErrorLogger before_;
};

TEST(ProgressReporter, Prg01FinalStateIsToldExactlyOnce) {
    ProgressCounter counter;
    std::vector<Progress> told;
    ProgressReporter reporter{counter, never, [&](const Progress& now) { told.push_back(now); }};
    counter.set_total(1);
    counter.item_done();

    reporter.finish();
    reporter.finish();

    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().done, 1U);
    EXPECT_EQ(told.front().eta, 0ms);
}

TEST(ProgressReporter, Prg01TellsWhileTheWorkGoesOn) {
    ProgressCounter counter;
    counter.item_done();
    std::promise<std::uint64_t> heard;
    bool first = true;
    ProgressReporter reporter{counter, 0ms, [&](const Progress& now) {
                                  if (std::exchange(first, false)) {
                                      heard.set_value(now.done);
                                  }
                              }};

    EXPECT_EQ(heard.get_future().get(), 1U);
}

TEST(ProgressReporter, Prg02AListenerThatThrowsIsReportedAndLeavesTheOthersAlone) {
    const QuietErrors errors;
    ProgressCounter counter;
    bool told = false;
    ProgressReporter throwing{
        counter, never, [](const Progress&) { throw std::runtime_error{"no more paper"}; }};
    ProgressReporter listening{counter, never, [&](const Progress&) { told = true; }};

    throwing.finish();
    listening.finish();

    EXPECT_TRUE(told);
    EXPECT_EQ(errors.count(), 1);
}

TEST(ProgressReporter, Prg02ASlowListenerHoldsUpNeitherTheWorkNorTheOthers) {
    ProgressCounter counter;
    std::promise<void> entered;
    std::promise<void> released;
    bool first = true;
    ProgressReporter slow{counter, 0ms, [&](const Progress&) {
                              if (std::exchange(first, false)) {
                                  entered.set_value();
                                  released.get_future().wait();
                              }
                          }};
    std::uint64_t heard = 0;
    ProgressReporter other{counter, never, [&](const Progress& now) { heard = now.done; }};
    entered.get_future().wait();

    counter.item_done();
    other.finish();
    released.set_value();

    EXPECT_EQ(heard, 1U);
}

}  // namespace
}  // namespace fanfetch
