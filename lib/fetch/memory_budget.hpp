#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace fanfetch {

/// The bytes that bodies may occupy between the wire and the disk, for the whole program
/// (`limits.memory`).
///
/// A body below `free_of_charge` is not counted one by one: it is bounded by the number of
/// requests in flight. Who does not fit goes to disk instead of waiting in memory.
///
/// Threads  any thread
class MemoryBudget {
public:
    static constexpr std::uint64_t free_of_charge = 16U << 10U;

    explicit MemoryBudget(std::uint64_t limit) noexcept : limit_{limit} {}

    /// Takes `bytes` if they fit.
    [[nodiscard]] bool try_take(std::uint64_t bytes) noexcept {
        const auto before = used_.fetch_add(bytes, std::memory_order_relaxed);
        if (before + bytes <= limit_) {
            return true;
        }
        give_back(bytes);
        return false;
    }
    void give_back(std::uint64_t bytes) noexcept {
        used_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t used() const noexcept {
        return used_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

private:
    std::atomic<std::uint64_t> used_{0};
    std::uint64_t limit_;
};

/// A share of the budget that is given back when its owner goes.
class MemoryShare {
public:
    MemoryShare() = default;
    explicit MemoryShare(MemoryBudget& budget) noexcept : budget_{&budget} {}
    MemoryShare(MemoryShare&& other) noexcept
        : budget_{std::exchange(other.budget_, nullptr)}, bytes_{std::exchange(other.bytes_, 0)} {}
    MemoryShare& operator=(MemoryShare&& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MemoryShare() { release(); }

    [[nodiscard]] bool try_grow(std::uint64_t bytes) noexcept {
        if (budget_ == nullptr || !budget_->try_take(bytes)) {
            return false;
        }
        bytes_ += bytes;
        return true;
    }
    void release() noexcept {
        if (budget_ != nullptr && bytes_ != 0) {
            budget_->give_back(std::exchange(bytes_, 0));
        }
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    MemoryBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace fanfetch
