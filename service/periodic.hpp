#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace fanfetch {

/// Does something again and again, beginning after `first`.
///
/// Threads  the loop's, `stop` included
class Periodic {
public:
    Periodic(
        LoopExecutor loop, std::chrono::milliseconds first, std::chrono::milliseconds interval,
        std::function<void()> work
    )
        : timer_{loop}, interval_{interval}, work_{std::move(work)} {
        after(first);
    }

    /// It is not done any more, even when its time has come already: a cancellation alone would
    /// come too late for a handler that is queued.
    void stop() {
        stopped_ = true;
        timer_.cancel();
    }

private:
    void after(std::chrono::milliseconds pause) {
        timer_.expires_after(pause);
        timer_.async_wait([this](boost::system::error_code error) {
            if (error || stopped_) {
                return;
            }
            work_();
            after(interval_);
        });
    }

    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
        timer_;
    std::chrono::milliseconds interval_;
    std::function<void()> work_;
    bool stopped_ = false;
};

}  // namespace fanfetch
