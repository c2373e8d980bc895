#pragma once

#include "model/item.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace fanfetch {

/// The few items of a job that are in memory, whatever its length: `capacity` of them, and as many
/// again where hosts hold up the window and others are looked for (see PassedHosts).
///
/// Items are `ready` (read, not handed out) or out (on a shard, or their result not yet durable).
/// Below half of `capacity` the window asks for the items that come next. Counting what is out
/// until it is durable is what slows fetching down to the speed of the store.
///
/// Units    items, and bytes of their URLs and extras
/// Threads  its job's loop
class Window {
public:
    static constexpr std::uint64_t most_bytes = 4U << 20U;

    explicit Window(std::size_t capacity) noexcept : capacity_{capacity} {}

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Index of the first item that has not been in the window.
    [[nodiscard]] std::uint64_t next_index() const noexcept { return next_index_; }
    [[nodiscard]] std::size_t room() const noexcept {
        const auto held = ready_.size() + out_;
        return held < capacity_ && bytes_ < most_bytes ? capacity_ - held : 0;
    }
    /// Room for items that are fetched beside those which hold up the window: as much again.
    [[nodiscard]] std::size_t spare_room() const noexcept {
        const auto held = ready_.size() + out_;
        return held < 2 * capacity_ && bytes_ < most_bytes ? 2 * capacity_ - held : 0;
    }
    [[nodiscard]] bool low() const noexcept { return room() > capacity_ / 2; }
    [[nodiscard]] std::size_t ready() const noexcept { return ready_.size(); }
    [[nodiscard]] std::size_t out() const noexcept { return out_; }

    /// Adds items that follow `next_index()` in order; there may be gaps of finished ones.
    void add(std::vector<Item> items) {
        for (auto& item : items) {
            next_index_ = item.index + 1;
            bytes_ += item.url.size() + item.extras.size();
            ready_.push_back(std::move(item));
        }
    }
    /// Adds items that were passed over before.
    void add_passed(std::vector<Item> items) {
        const auto next = next_index_;
        add(std::move(items));
        next_index_ = next;
    }
    /// All items before `index` have been seen: there is nothing more to read up to there.
    void skip_to(std::uint64_t index) noexcept {
        if (index > next_index_) {
            next_index_ = index;
        }
    }
    [[nodiscard]] Item take() {
        Item item = std::move(ready_.front());
        ready_.pop_front();
        bytes_ -= item.url.size() + item.extras.size();
        ++out_;
        return item;
    }
    /// `count` items came to their end, or were put aside.
    void returned(std::size_t count) noexcept { out_ -= count < out_ ? count : out_; }
    void clear() noexcept {
        ready_.clear();
        bytes_ = 0;
    }

private:
    std::size_t capacity_;
    std::size_t out_ = 0;
    std::uint64_t next_index_ = 0;
    std::uint64_t bytes_ = 0;
    std::deque<Item> ready_;
};

}  // namespace fanfetch
