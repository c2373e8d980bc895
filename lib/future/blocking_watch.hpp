#pragma once

namespace fanfetch::detail {

class FutureState;

/// Hears when its thread is about to sleep on futures: a pool's worker looks for a deadlock, a
/// loop thread reports a bug.
///
/// Threads  the thread it was installed on
class BlockingWatch {
public:
    BlockingWatch() = default;
    BlockingWatch(const BlockingWatch&) = delete;
    BlockingWatch& operator=(const BlockingWatch&) = delete;
    virtual ~BlockingWatch() = default;

    /// May throw to refuse; `ends` is then not called. `state` is the one future waited for, or
    /// null for several; `limited` tells whether there is a deadline.
    virtual void begins(const FutureState* state, bool limited) = 0;
    virtual void ends() noexcept = 0;

    [[nodiscard]] static BlockingWatch* current() noexcept;
    /// Returns the watch before.
    static BlockingWatch* install(BlockingWatch* watch) noexcept;
};

/// Around a sleep of the calling thread.
class BlockingScope {
public:
    BlockingScope(const FutureState* state, bool limited) : watch_{BlockingWatch::current()} {
        if (watch_ != nullptr) {
            watch_->begins(state, limited);
        }
    }
    BlockingScope(const BlockingScope&) = delete;
    BlockingScope& operator=(const BlockingScope&) = delete;
    ~BlockingScope() {
        if (watch_ != nullptr) {
            watch_->ends();
        }
    }

private:
    BlockingWatch* watch_;
};

}  // namespace fanfetch::detail
