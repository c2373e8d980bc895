#include "api/waiting.hpp"

#include "support/job_bench.hpp"

#include <gtest/gtest.h>
#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <utility>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;

/// A client that leaves when it is told to.
class Client final : public ResponseStream {
public:
    awaitable<bool> write(std::string_view) override { co_return !gone_; }
    [[nodiscard]] bool gone() const noexcept override { return gone_; }
    void on_gone(std::function<void()> callback) override {
        if (gone_) {
            callback();
        } else {
            callback_ = std::move(callback);
        }
    }

    void leave() {
        gone_ = true;
        if (auto callback = std::exchange(callback_, nullptr)) {
            callback();
        }
    }

private:
    bool gone_ = false;
    std::function<void()> callback_;
};

class FollowedJobTest : public ::testing::Test {
protected:
    static constexpr auto long_time = 60s;

    FollowedJobTest() {
        bench_.network().hang("http://a.test/slow");
        job_ = bench_.submit({"http://a.test/slow"});
    }

    /// How long a wait for the end of a job that does not end took.
    std::chrono::milliseconds wait(FollowedJob& job, std::chrono::milliseconds limit) {
        const auto started = std::chrono::steady_clock::now();
        const auto snapshot = bench_.run(job.until(WaitCondition{}, limit));
        EXPECT_TRUE(snapshot);
        EXPECT_FALSE((*snapshot)->done());
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - started
        );
    }

    Client client_;
    JobBench bench_;
    std::shared_ptr<Job> job_;
};

TEST_F(FollowedJobTest, WaitsAsLongAsItWasTold) {
    FollowedJob followed{bench_.jobs(), job_->id(), "default", client_};
    EXPECT_GE(wait(followed, 20ms), 20ms);
}

TEST_F(FollowedJobTest, ClientThatLeavesEndsTheWait) {
    FollowedJob followed{bench_.jobs(), job_->id(), "default", client_};
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor> soon{
        bench_.loop(), 10ms};
    soon.async_wait([this](const auto& error) {
        if (!error) {
            client_.leave();
        }
    });
    EXPECT_LT(wait(followed, long_time), long_time);
}

TEST_F(FollowedJobTest, ClientThatLeftBetweenTwoWaitsIsNotWaitedFor) {
    FollowedJob followed{bench_.jobs(), job_->id(), "default", client_};
    wait(followed, 1ms);
    client_.leave();
    EXPECT_LT(wait(followed, long_time), long_time);
}

TEST_F(FollowedJobTest, ClientThatWasGoneFromTheStartIsNotWaitedFor) {
    client_.leave();
    FollowedJob followed{bench_.jobs(), job_->id(), "default", client_};
    EXPECT_LT(wait(followed, long_time), long_time);
}

}  // namespace
}  // namespace fanfetch
