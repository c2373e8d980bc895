#pragma once

#include "executor/chunk.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace fanfetch {

struct MapOptions {
    TimeLimit timeout{};         ///< counts from the call of map
    std::int64_t chunksize = 1;  ///< calls per message; only process pools have messages
    std::optional<std::int64_t> buffersize{};  ///< most calls submitted and not yet consumed
};

namespace detail {

/// Where the calls of a map come from: submits the next, or none at the end of the shortest range.
template <class R>
class MapSource {
public:
    explicit MapSource(Chunk chunk) : chunk_{std::move(chunk)} {}
    virtual ~MapSource() = default;
    virtual std::optional<Future<R>> submit_next() = 0;

    [[nodiscard]] Chunk& chunk() noexcept { return chunk_; }

private:
    Chunk chunk_;
};

/// Draws arguments from views, which it owns or refers to.
template <class R, class Submit, std::ranges::input_range... Views>
class ZipSource final : public MapSource<R> {
public:
    explicit ZipSource(Chunk chunk, Submit submit, Views... views)
        : MapSource<R>{std::move(chunk)}, submit_{std::move(submit)}, views_{std::move(views)...} {}

    std::optional<Future<R>> submit_next() override {
        return submit_next(std::index_sequence_for<Views...>{});
    }

private:
    template <std::size_t... I>
    std::optional<Future<R>> submit_next(std::index_sequence<I...>) {
        // The elements drawn are passed over only when the next are asked for: a range that reads
        // from outside is never asked for more than is submitted.
        if (!at_) {
            at_.emplace(std::ranges::begin(std::get<I>(views_))...);
        } else {
            ((void)++std::get<I>(*at_), ...);
        }
        if (((std::get<I>(*at_) == std::ranges::end(std::get<I>(views_))) || ...)) {
            return std::nullopt;
        }
        return submit_(this->chunk(), *std::get<I>(*at_)...);
    }

    Submit submit_;
    std::tuple<Views...> views_;
    std::optional<std::tuple<std::ranges::iterator_t<Views>...>> at_;
};

}  // namespace detail

/// The results of one `map`, in input order: a single-pass range for one consumer.
///
/// Each result is moved out of its future and kept until the next is asked for; for calls that
/// return nothing the elements are std::monostate. Leaving early, by a throw, a timeout or the end
/// of this object, cancels every call that has not begun.
///
/// Errors   advancing throws what the call at that position threw, or TimeoutError when it is not
///          finished in time; the range is exhausted then
/// Threads  one consumer
template <class R>
class [[nodiscard]] MapResults {
    using Kept = std::conditional_t<
        std::is_void_v<R>, std::monostate,
        std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R>*, R>>;

public:
    class Iterator {
    public:
        using value_type =
            std::conditional_t<std::is_void_v<R>, std::monostate, std::remove_cvref_t<R>>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        explicit Iterator(MapResults& results) : results_{&results} {}
        auto& operator*() const noexcept {
            if constexpr (std::is_reference_v<R>) {
                return **results_->current_;
            } else {
                return *results_->current_;
            }
        }
        Iterator& operator++() {
            results_->advance();
            return *this;
        }
        void operator++(int) { results_->advance(); }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept {
            return at.exhausted();
        }

    private:
        [[nodiscard]] bool exhausted() const noexcept { return !results_->current_; }

        MapResults* results_;
    };

    MapResults(std::unique_ptr<detail::MapSource<R>> source, const MapOptions& options)
        : deadline_{options.timeout.deadline()}, source_{std::move(source)} {
        if (options.chunksize < 1) {
            throw std::invalid_argument{"map: chunksize is below 1"};
        }
        if (options.buffersize && *options.buffersize < 1) {
            throw std::invalid_argument{"map: buffersize is below 1"};
        }
        try {
            std::int64_t room = options.buffersize.value_or(-1);  // -1: never comes to zero
            while (source_ && room-- != 0) {
                submit_next();
            }
            if (source_) {
                source_->chunk().send_or_throw();
            }
        } catch (...) {
            give_up();
            throw;
        }
    }
    MapResults(MapResults&&) noexcept = default;
    MapResults& operator=(MapResults&&) = delete;
    ~MapResults() { give_up(); }

    /// Waits for the first; to be called once.
    [[nodiscard]] Iterator begin() {
        advance();
        return Iterator{*this};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    void submit_next() {
        auto next = source_->submit_next();
        if (!next) {
            const auto ended = std::move(source_);
            ended->chunk().send_or_throw();
            return;
        }
        pending_.push_back(std::move(*next));
    }

    void advance() {
        current_.reset();
        try {
            if (pending_.empty()) {
                return;
            }
            take_first();
            refill();
        } catch (...) {
            current_.reset();
            give_up();
            throw;
        }
    }

    /// A failure to submit surfaces at its own position; the result just taken is still given.
    void refill() {
        try {
            if (source_) {
                submit_next();
            }
        } catch (...) {
            source_.reset();
            pending_.push_back(make_failed<R>(std::current_exception()));
        }
    }

    /// What is about to be waited for is on its way, though its chunk be short.
    void send_first() {
        if (source_ && source_->chunk().size() >= pending_.size()) {
            source_->chunk().send();
        }
    }

    void take_first() {
        send_first();
        const auto left = deadline_ ? TimeLimit{*deadline_ - Steady::now()} : TimeLimit{};
        // The one waited for stays in the list until it is done, so that giving up cancels it too.
        if constexpr (std::is_void_v<R>) {
            pending_.front().result(left);
            current_.emplace();
        } else if constexpr (std::is_reference_v<R>) {
            current_.emplace(&pending_.front().result(left));
        } else {
            current_.emplace(Future<R>{pending_.front()}.take(left));
        }
        pending_.pop_front();
    }

    void give_up() noexcept {
        source_.reset();
        for (const auto& future : pending_) {
            future.cancel();
        }
        pending_.clear();
    }

    Deadline deadline_;
    std::unique_ptr<detail::MapSource<R>> source_;  ///< none: everything is submitted
    std::deque<Future<R>> pending_;
    std::optional<Kept> current_;
};

}  // namespace fanfetch
