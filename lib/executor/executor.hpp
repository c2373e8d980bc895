#pragma once

#include "executor/map.hpp"
#include "executor/queued_call.hpp"
#include "future/future.hpp"

#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

namespace fanfetch {

struct ShutdownOptions {
    bool wait = true;  ///< return when every started call has ended and the workers are gone
    bool cancel_futures = false;  ///< what has not begun is cancelled; else it still runs
};

/// Makes calls elsewhere and gives futures of their results.
///
/// Errors   submit and map throw ExecutorShutdown after shutdown has begun, and an executor that
///          cannot work any more its BrokenExecutor; a submit that returned is certain to complete
/// Threads  any thread
/// Source   CPython 3.13, concurrent.futures.Executor; the differences are in README.md
class Executor {
public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// Schedules `fn(args...)`, never in the calling thread. Callable and arguments are copied or
    /// moved in, as std::async does (std::ref for references), and are moved into the call. What
    /// the call throws is the future's exception.
    template <class Fn, class... Args>
    auto submit(Fn&& fn, Args&&... args) {
        auto made = make_call(std::forward<Fn>(fn), std::forward<Args>(args)...);
        enqueue(std::move(made.call));
        return std::move(made.future);
    }

    /// Submits `fn(element)` for each element before it returns and gives the results in input
    /// order. With `buffersize`, elements are drawn as results are consumed; the range, if it was
    /// not moved in, and the executor must live as long as the results then.
    template <class Fn, std::ranges::input_range A>
    auto map(Fn fn, A&& a, MapOptions options = {}) {
        return map_all(options, std::move(fn), std::forward<A>(a));
    }
    /// As above with two arguments; the ranges are paired up to the end of the shorter.
    template <class Fn, std::ranges::input_range A, std::ranges::input_range B>
    auto map(Fn fn, A&& a, B&& b, MapOptions options = {}) {
        return map_all(options, std::move(fn), std::forward<A>(a), std::forward<B>(b));
    }
    template <
        class Fn, std::ranges::input_range A, std::ranges::input_range B,
        std::ranges::input_range C>
    auto map(Fn fn, A&& a, B&& b, C&& c, MapOptions options = {}) {
        return map_all(
            options, std::move(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c)
        );
    }

    /// Takes no more work. May be called again and from several threads, with stronger options
    /// later.
    ///
    /// Errors  std::system_error(resource_deadlock_would_occur) for `wait` in one of the executor's
    ///         own calls; the shutdown has begun nevertheless
    virtual void shutdown(ShutdownOptions options = {}) = 0;

protected:
    /// Takes the call over, or throws and leaves no trace of it.
    virtual void enqueue(detail::CallPtr call) = 0;
    /// Where calls of one map are given several at once; none: they are not.
    [[nodiscard]] virtual detail::ChunkSink* chunk_sink() noexcept { return nullptr; }

private:
    template <class R>
    struct MadeCall {
        detail::CallPtr call;
        Future<R> future;
    };

    template <class Fn, class... Args>
    static auto make_call(Fn&& fn, Args&&... args) {
        using R = detail::KeptResult<detail::CallResult<Fn, Args...>>;
        using Call = detail::SubmittedCall<R, std::decay_t<Fn>, std::decay_t<Args>...>;
        auto* const call = new Call{std::forward<Fn>(fn), std::forward<Args>(args)...};
        return MadeCall<R>{
            detail::CallPtr{call}, detail::StateAccess::make<Future<R>>(detail::StatePtr{call})};
    }

    template <class Fn, class... Ranges>
    auto map_all(const MapOptions& options, Fn fn, Ranges&&... ranges) {
        auto submit_one = [this, fn = std::move(fn)]<class... Elements>(
                              detail::Chunk& chunk, Elements&&... elements
                          ) {
            auto made = make_call(fn, std::forward<Elements>(elements)...);
            chunk.wanted() ? chunk.add(std::move(made.call)) : enqueue(std::move(made.call));
            return std::move(made.future);
        };
        using R = typename std::invoke_result_t<
            decltype(submit_one)&, detail::Chunk&,
            std::ranges::range_reference_t<Ranges>...>::value_type;
        using Source = detail::ZipSource<R, decltype(submit_one), std::views::all_t<Ranges>...>;
        return MapResults<R>{
            std::make_unique<Source>(
                detail::Chunk{chunk_sink(), options.chunksize}, std::move(submit_one),
                std::views::all(std::forward<Ranges>(ranges))...
            ),
            options};
    }
};

}  // namespace fanfetch
