#pragma once

#include "future/future.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace fanfetch::detail {

/// A task that can be run in another process: it has a name there, and turns its arguments and its
/// result into bytes and back.
template <class Fn>
concept RemoteTask = requires {
    { Fn::remote_name() } -> std::convertible_to<std::string_view>;
};

/// A call on its way to a worker. It is one object with the state of its future, and linked into
/// the queue through itself, so that a submit costs one allocation.
///
/// Threads  `run` or `fail` is called by one thread, once; the future may be cancelled meanwhile
class QueuedCall {
public:
    /// Makes the call, unless it was cancelled, and completes the future. The callable and its
    /// arguments are destroyed before the future becomes done.
    virtual void run() noexcept = 0;
    /// Completes the future without making the call, unless it was cancelled.
    virtual void fail(const std::exception_ptr& error) noexcept = 0;

    /// The name another process knows the task by; empty when it can only be run in this one.
    [[nodiscard]] virtual std::string_view remote_name() const noexcept = 0;
    /// Appends the arguments as bytes and destroys them; throws what their codecs throw. Only for a
    /// call with a remote name, as is the next.
    virtual void encode(std::string& out) = 0;
    /// Completes a running call with the result that `bytes` stand for; false, and it still runs,
    /// when they stand for none.
    [[nodiscard]] virtual bool complete(std::string_view bytes) noexcept = 0;

    [[nodiscard]] virtual FutureState& state() noexcept = 0;

    friend void intrusive_ptr_add_ref(QueuedCall* call) noexcept {
        intrusive_ptr_add_ref(&call->state());
    }
    friend void intrusive_ptr_release(QueuedCall* call) noexcept {
        intrusive_ptr_release(&call->state());
    }

    const void* executor = nullptr;  ///< who will run it; set before it is queued, only compared

protected:
    ~QueuedCall() = default;

private:
    friend class CallQueue;
    QueuedCall* next_ = nullptr;
};

using CallPtr = boost::intrusive_ptr<QueuedCall>;

/// First in, first out, without allocating. Owns the calls in it.
///
/// Threads  one at a time; destroy calls outside locks, they hold user code
class CallQueue {
public:
    CallQueue() = default;
    CallQueue(CallQueue&& other) noexcept
        : first_{std::exchange(other.first_, nullptr)}, last_{other.last_} {}
    CallQueue& operator=(CallQueue&&) = delete;
    ~CallQueue() {
        while (!empty()) {
            (void)pop();
        }
    }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    void push(CallPtr call) noexcept {
        auto* const added = call.detach();
        (first_ == nullptr ? first_ : last_->next_) = added;
        last_ = added;
    }

    [[nodiscard]] CallPtr pop() noexcept {
        auto* const call = std::exchange(first_, first_->next_);
        return CallPtr{call, false};
    }

private:
    QueuedCall* first_ = nullptr;
    QueuedCall* last_ = nullptr;
};

/// What a call's future is of: the result as it can be kept.
template <class Fn, class... Args>
using CallResult = std::invoke_result_t<std::decay_t<Fn>, std::decay_t<Args>...>;
template <class R>
using KeptResult = std::conditional_t<std::is_lvalue_reference_v<R>, R, std::remove_cvref_t<R>>;

template <class R, class Fn, class... Args>
class SubmittedCall final : public ValueState<R>, public QueuedCall {
public:
    template <class F, class... As>
    explicit SubmittedCall(F&& fn, As&&... args)
        : bound_{std::in_place, std::forward<F>(fn), std::forward<As>(args)...} {}

    void run() noexcept override {
        if (!this->set_running_or_notify_cancel()) {
            bound_.reset();
            return;
        }
        try {
            call();
        } catch (...) {
            this->set_exception(std::current_exception());
        }
        bound_.reset();
        this->publish();  // only we complete a running call, so there is nobody to claim it from
    }

    void fail(const std::exception_ptr& error) noexcept override {
        if (!this->claim()) {
            return;
        }
        bound_.reset();
        this->set_exception(error);
        this->publish();
    }

    [[nodiscard]] std::string_view remote_name() const noexcept override {
        if constexpr (RemoteTask<Fn>) {
            return Fn::remote_name();
        } else {
            return {};
        }
    }

    void encode([[maybe_unused]] std::string& out) override {
        if constexpr (RemoteTask<Fn>) {
            auto append = [&out](const Fn&, const Args&... args) { Fn::encode(out, args...); };
            std::apply(append, *bound_);
            bound_.reset();
        }
    }

    [[nodiscard]] bool complete([[maybe_unused]] std::string_view bytes) noexcept override {
        if constexpr (RemoteTask<Fn>) {
            try {
                decode(bytes);
            } catch (...) {
                return false;
            }
            this->publish();
            return true;
        } else {
            return false;
        }
    }

    [[nodiscard]] FutureState& state() noexcept override { return *this; }
    [[nodiscard]] const void* owner() const noexcept override { return executor; }

private:
    void decode(std::string_view bytes) {
        if constexpr (std::is_void_v<R>) {
            Fn::decode_result(bytes);
            this->emplace();
        } else {
            this->emplace(Fn::decode_result(bytes));
        }
    }

    void call() {
        auto invoke = [](Fn& fn, Args&... args) -> decltype(auto) {
            return std::invoke(std::move(fn), std::move(args)...);
        };
        if constexpr (std::is_void_v<R>) {
            std::apply(invoke, *bound_);
            this->emplace();
        } else {
            this->emplace(std::apply(invoke, *bound_));
        }
    }

    std::optional<std::tuple<Fn, Args...>> bound_;
};

}  // namespace fanfetch::detail
