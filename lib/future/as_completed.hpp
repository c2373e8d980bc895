#pragma once

#include "future/completion_queue.hpp"
#include "future/distinct.hpp"

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {

/// The futures of one `as_completed`, as they complete: a single-pass range for one consumer.
///
/// Destroying it half-way stops listening to the rest and cancels nothing.
///
/// Errors   advancing throws TimeoutError when it would have to wait past the deadline; what
///          completed in time is given however late it is asked for
/// Threads  one consumer
template <class Handle>
class [[nodiscard]] Completions {
public:
    class Iterator {
    public:
        using value_type = Handle;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        explicit Iterator(Completions& range) : range_{&range} {}
        Handle& operator*() const noexcept { return *range_->current_; }
        Iterator& operator++() {
            range_->advance();
            return *this;
        }
        void operator++(int) { range_->advance(); }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept {
            return at.exhausted();
        }

    private:
        [[nodiscard]] bool exhausted() const noexcept { return !range_->current_; }

        Completions* range_;
    };

    Completions(std::vector<Handle> futures, Deadline deadline)
        : deadline_{deadline},
          left_{futures.size()},
          total_{futures.size()},
          queue_{std::make_unique<detail::CompletionQueue>(futures.size())} {
        waiting_.reserve(futures.size());
        for (auto& future : futures) {
            waiting_.emplace_back(std::move(future));
            queue_->add(waiting_.size() - 1, detail::StateAccess::state(*waiting_.back()));
        }
    }
    Completions(Completions&&) noexcept = default;
    Completions& operator=(Completions&&) = delete;
    ~Completions() {
        for (std::size_t index = 0; index < waiting_.size(); ++index) {
            if (waiting_[index]) {
                queue_->remove(index, detail::StateAccess::state(*waiting_[index]));
            }
        }
    }

    /// Waits for the first; to be called once.
    [[nodiscard]] Iterator begin() {
        advance();
        return Iterator{*this};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    void advance() {
        current_.reset();
        if (left_ == 0) {
            return;
        }
        const auto index = queue_->pop(deadline_);
        if (index == detail::CompletionQueue::none) {
            throw TimeoutError{
                std::to_string(left_) + " of " + std::to_string(total_) + " futures unfinished"};
        }
        auto& future = waiting_[index];
        queue_->remove(index, detail::StateAccess::state(*future));
        current_ = std::exchange(future, std::nullopt);
        --left_;
    }

    Deadline deadline_;
    std::size_t left_;
    std::size_t total_;
    std::unique_ptr<detail::CompletionQueue> queue_;
    std::vector<std::optional<Handle>> waiting_;  ///< by index in the queue; none: produced
    std::optional<Handle> current_;
};

/// Gives each distinct future once it is done, finished or cancelled: those done at the call first,
/// the others in the order they complete. The limit counts from the call.
///
/// Each step costs the same however many there are. The range keeps no handle to a future that it
/// has given and that the consumer has passed.
///
/// Source  CPython 3.13, concurrent.futures.as_completed
template <FutureRange R>
Completions<HandleOf<R>> as_completed(R&& futures, TimeLimit limit = std::nullopt) {
    const auto deadline = limit.deadline();
    return {detail::distinct(std::forward<R>(futures)), deadline};
}

inline Completions<AnyFuture> as_completed(
    std::initializer_list<AnyFuture> futures, TimeLimit limit = std::nullopt
) {
    return as_completed(std::span{futures}, limit);
}

}  // namespace fanfetch
