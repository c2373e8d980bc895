#include "store/sqlite/write_queue.hpp"

#include "store/sqlite/write.hpp"

namespace fanfetch::sqlite {
namespace {

/// Bounds how long a transaction holds up what comes after it.
constexpr std::size_t most_items = 4096;

}  // namespace

WriteQueue::WriteQueue() = default;
WriteQueue::~WriteQueue() = default;

bool WriteQueue::push(std::unique_ptr<Write>& write) {
    bool wake = false;
    {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            return false;
        }
        waiting_items_ += write->items();
        waiting_.push_back(std::move(write));
        wake = waiting_items_ >= wake_at_;
    }
    if (wake) {
        arrived_.notify_one();
    }
    return true;
}

std::optional<WriteQueue::Group> WriteQueue::take(std::optional<Steady::time_point> until) {
    std::unique_lock lock{mutex_};
    const auto sleep = [&](std::size_t wake_at, std::optional<Steady::time_point> limit) {
        wake_at_ = wake_at;
        const auto ready = [&] { return closed_ || waiting_items_ >= wake_at; };
        if (limit) {
            arrived_.wait_until(lock, *limit, ready);
        } else {
            arrived_.wait(lock, ready);
        }
        wake_at_ = most_items + GroupPace::enough;  // awake: nobody needs to call
    };
    sleep(1, until);
    if (waiting_.empty()) {
        return closed_ ? std::nullopt : std::optional{Group{}};
    }
    const auto now = Steady::now();
    if (const auto due = pace_.due(now, waiting_items_); due > now) {
        sleep(GroupPace::enough, due);
    }
    return take_group();
}

WriteQueue::Group WriteQueue::take_group() {
    Group group;
    std::size_t items = 0;
    while (!waiting_.empty() && (group.empty() || items + waiting_.front()->items() <= most_items)
    ) {
        items += waiting_.front()->items();
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    waiting_items_ -= items;
    pace_.took(Steady::now(), items);
    return group;
}

void WriteQueue::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    arrived_.notify_one();
}

}  // namespace fanfetch::sqlite
