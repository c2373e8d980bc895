#pragma once

#include "coro/loop.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace fanfetch {

/// A loop that may be gone: the only handle through which other threads reach it.
///
/// Posting to a destroyed io_context is undefined behaviour, and a pool may finish its work at any
/// time; so whoever completes something for a coroutine holds a WeakLoop, never the executor.
///
/// Threads  any thread
class WeakLoop {
public:
    explicit WeakLoop(LoopExecutor loop) : link_{std::make_shared<Link>(loop)} {}

    /// Runs `call` on the loop, never inside this call. False when the loop is gone; `call` is
    /// then destroyed by the caller, outside the lock.
    template <class Call>
    bool post(Call& call) const {
        const std::lock_guard lock{link_->mutex};
        if (!link_->loop) {
            return false;
        }
        boost::asio::post(*link_->loop, std::move(call));
        return true;
    }

    /// Whether posts are not refused yet.
    [[nodiscard]] bool there() const noexcept {
        const std::lock_guard lock{link_->mutex};
        return link_->loop.has_value();
    }

    /// From here on every post is refused. Called by the loop as it ends.
    void cut() const noexcept {
        const std::lock_guard lock{link_->mutex};
        link_->loop.reset();
    }

private:
    struct Link {
        explicit Link(LoopExecutor to) : loop{to} {}
        std::mutex mutex;
        std::optional<LoopExecutor> loop;
    };

    std::shared_ptr<Link> link_;
};

/// A handle to the loop behind `loop`.
[[nodiscard]] WeakLoop weak_loop(LoopExecutor loop);

}  // namespace fanfetch
