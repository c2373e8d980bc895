#include "executor/off_loop.hpp"

#include "future/errors.hpp"
#include "future/promise.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(OffLoop, IsHadOnOrdinaryThreads) {
    EXPECT_FALSE(LoopThreadMark::on_loop_thread());
    EXPECT_NO_THROW((void)OffLoop::claim());
}

TEST(OffLoop, CannotBeHadOnALoopThread) {
    const LoopThreadMark outer;
    { const LoopThreadMark nested; }

    EXPECT_TRUE(LoopThreadMark::on_loop_thread());
    EXPECT_THROW((void)OffLoop::claim(), std::logic_error);
}

TEST(OffLoop, TheMarkBelongsToItsThread) {
    const LoopThreadMark mark;
    bool claimed = false;

    std::jthread{[&claimed] {
        (void)OffLoop::claim();
        claimed = true;
    }}.join();

    EXPECT_TRUE(claimed);
}

TEST(OffLoop, Brg06BlockingOnALoopThreadIsReportedInDebugBuilds) {
    std::string seen;
    auto before = set_error_logger([&seen](std::string_view where, const auto&) { seen = where; });
    Promise<int> promise;
    {
        const LoopThreadMark mark;
        EXPECT_THROW(promise.get_future().result(1ms), TimeoutError);
    }
    set_error_logger(std::move(before));

#ifdef NDEBUG
    EXPECT_EQ(seen, "");
#else
    EXPECT_EQ(seen, "blocking on a loop thread");
#endif
}

}  // namespace
}  // namespace fanfetch
