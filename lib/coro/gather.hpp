#pragma once

#include "coro/loop.hpp"
#include "coro/parking.hpp"
#include "coro/result.hpp"
#include "coro/spawn.hpp"

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <memory>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace fanfetch {

/// Asks `gather` for every outcome instead of the first failure.
struct ReturnExceptions {
    explicit ReturnExceptions() = default;
};
inline constexpr ReturnExceptions return_exceptions{};

namespace detail {

/// Waits for several tasks: for all, or for the first that does not end with a value.
class GatherWait {
public:
    GatherWait(LoopState& loop, bool stop_at_failure) noexcept
        : parking_{loop}, stop_at_failure_{stop_at_failure} {}
    GatherWait(const GatherWait&) = delete;
    GatherWait& operator=(const GatherWait&) = delete;

    /// Suspends unless there is nothing to wait for. Throws CancelledError when the caller was
    /// cancelled, after all tasks have ended.
    [[nodiscard]] awaitable<> finish(std::span<TaskBase* const> tasks);
    /// The first that failed or was cancelled; null when there is none.
    [[nodiscard]] TaskBase* first_failure() const noexcept { return failure_; }

private:
    friend class fanfetch::Parking;

    class Listener final : public TaskObserver {
    public:
        explicit Listener(GatherWait& wait) noexcept : wait_{wait} {}

    private:
        void task_ended(TaskBase& task) override { wait_.note(task); }

        GatherWait& wait_;
    };

    void parked() noexcept {}
    void cancel_requested();
    void note(TaskBase& task);
    [[nodiscard]] bool satisfied() const noexcept;

    Parking parking_;
    bool stop_at_failure_;
    bool cancelled_ = false;
    std::span<TaskBase* const> tasks_;
    std::vector<Listener> listeners_;
    std::size_t unfinished_ = 0;
    TaskBase* failure_ = nullptr;
};

template <class Work>
struct WorkTraits {};
template <class T>
struct WorkTraits<awaitable<T>> {
    using Value = T;
    static constexpr bool owned = true;  ///< nobody else has a handle, so the value is moved out
};
template <class T>
struct WorkTraits<Task<T>> {
    using Value = T;
    static constexpr bool owned = !std::is_copy_constructible_v<T>;
};

template <class T>
[[nodiscard]] Task<T> as_task(LoopState& loop, awaitable<T>& body) {
    auto task = spawn(loop.executor(), std::move(body));
    task.state().mark_looked_at();
    return task;
}
template <class T>
[[nodiscard]] Task<T> as_task(LoopState&, const Task<T>& task) {
    task.state().mark_looked_at();
    return task;
}

template <class T>
[[nodiscard]] Result<T> take_result(const Task<T>& task, bool owned) {
    auto& result = task.state().result();
    if constexpr (std::is_void_v<T> || std::is_copy_constructible_v<T>) {
        return owned ? std::move(result) : result;
    } else {
        return std::move(result);
    }
}

/// As the value of a tuple's element.
template <class T>
[[nodiscard]] typename Result<T>::Value take_value(const Task<T>& task, bool owned) {
    if constexpr (std::is_void_v<T>) {
        outcome_of(task.state(), owned);
        return {};
    } else {
        return outcome_of(task.state(), owned);
    }
}

/// Throws the first failure there is, or the caller's cancellation.
[[nodiscard]] awaitable<> wait_for_all(LoopState& loop, std::span<TaskBase* const> tasks);
/// Throws only the caller's cancellation.
[[nodiscard]] awaitable<> wait_for_each(LoopState& loop, std::span<TaskBase* const> tasks);

template <class View>
using RangeWork = std::remove_cvref_t<std::ranges::range_reference_t<View>>;
template <class View>
using RangeValue = typename WorkTraits<RangeWork<View>>::Value;

/// The tasks of a gather over a range.
template <class View>
struct StartedRange {
    StartedRange(LoopState& loop, View range) {
        // Coroutines made by a lambda inside the view refer to that lambda, and may outlive the
        // gather (after a failure): the view lives as long as the last of them.
        auto kept = std::make_shared<View>(std::move(range));
        for (auto&& work : *kept) {
            auto task = as_task(loop, work);
            if constexpr (!std::ranges::borrowed_range<View>) {
                task.state().hold(kept);
            }
            bases.push_back(&task.state());
            tasks.push_back(std::move(task));
        }
    }

    std::vector<Task<RangeValue<View>>> tasks;
    std::vector<TaskBase*> bases;
};

template <class View>
using GatheredRange = std::conditional_t<
    std::is_void_v<RangeValue<View>>, void, std::vector<typename Result<RangeValue<View>>::Value>>;

template <class View>
awaitable<GatheredRange<View>> gather_range(View range) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    StartedRange<View> started{loop, std::move(range)};
    co_await wait_for_all(loop, started.bases);
    if constexpr (!std::is_void_v<GatheredRange<View>>) {
        GatheredRange<View> values;
        values.reserve(started.tasks.size());
        for (const auto& task : started.tasks) {
            values.push_back(take_value(task, WorkTraits<RangeWork<View>>::owned));
        }
        co_return values;
    }
}

template <class View>
awaitable<std::vector<Result<RangeValue<View>>>> gather_results(View range) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    StartedRange<View> started{loop, std::move(range)};
    co_await wait_for_each(loop, started.bases);
    std::vector<Result<RangeValue<View>>> results;
    results.reserve(started.tasks.size());
    for (const auto& task : started.tasks) {
        results.push_back(take_result(task, WorkTraits<RangeWork<View>>::owned));
    }
    co_return results;
}

template <class... Work>
using GatheredPack = std::tuple<typename Result<typename WorkTraits<Work>::Value>::Value...>;
template <class... Work>
using PackResults = std::tuple<Result<typename WorkTraits<Work>::Value>...>;

template <class... Work>
awaitable<GatheredPack<Work...>> gather_pack(Work... work) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    const std::tuple tasks{as_task(loop, work)...};
    auto list = [](auto&... task) { return std::vector<TaskBase*>{&task.state()...}; };
    const auto bases = std::apply(list, tasks);
    co_await wait_for_all(loop, bases);
    auto take = [](auto&... task) {
        return GatheredPack<Work...>{take_value(task, WorkTraits<Work>::owned)...};
    };
    co_return std::apply(take, tasks);
}

template <class... Work>
awaitable<PackResults<Work...>> gather_pack_results(Work... work) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    const std::tuple tasks{as_task(loop, work)...};
    auto list = [](auto&... task) { return std::vector<TaskBase*>{&task.state()...}; };
    const auto bases = std::apply(list, tasks);
    co_await wait_for_each(loop, bases);
    auto take = [](auto&... task) {
        return PackResults<Work...>{take_result(task, WorkTraits<Work>::owned)...};
    };
    co_return std::apply(take, tasks);
}

}  // namespace detail

/// What `gather` takes: `awaitable<T>`, which it starts as a task, or a Task.
template <class Work>
concept Gatherable = requires { typename detail::WorkTraits<std::remove_cvref_t<Work>>::Value; };
template <class Range>
concept GatherableRange =
    std::ranges::viewable_range<Range> && Gatherable<std::ranges::range_reference_t<Range>>;

/// Starts everything in the range at once and gives the values in its order: a vector, or nothing
/// for coroutines without a value.
///
/// The first failure is thrown at once; the others run on by themselves, and what becomes of them
/// is not reported. Use `with_task_group` where that is not wanted. A child that is cancelled on
/// its own counts as failed with CancelledError. Cancelling the gather cancels every child that has
/// not ended, and ends cancelled when all have.
///
/// Errors   the first failure; CancelledError
/// Source   CPython 3.13, asyncio.gather
template <GatherableRange Range>
[[nodiscard]] auto gather(Range&& range) {
    return detail::gather_range<std::views::all_t<Range>>(std::views::all(std::forward<Range>(range)
    ));
}

/// The same, but waits for all and gives each outcome as a Result.
template <GatherableRange Range>
[[nodiscard]] auto gather(Range&& range, ReturnExceptions) {
    return detail::gather_results<std::views::all_t<Range>>(
        std::views::all(std::forward<Range>(range))
    );
}

/// Both for coroutines of several types, giving a tuple; nothing is std::monostate there.
template <Gatherable... Work>
[[nodiscard]] auto gather(Work... work) {
    return detail::gather_pack<Work...>(std::move(work)...);
}
template <Gatherable... Work>
[[nodiscard]] auto gather(ReturnExceptions, Work... work) {
    return detail::gather_pack_results<Work...>(std::move(work)...);
}

}  // namespace fanfetch
