#include "store/sqlite/read_pool.hpp"

#include "store/store_error.hpp"

namespace fanfetch::sqlite {

std::unique_ptr<Queries> ReadPool::take() {
    std::unique_lock lock{mutex_};
    returned_.wait(lock, [this] { return !idle_.empty() || left_ > 0; });
    if (!idle_.empty()) {
        auto queries = std::move(idle_.back());
        idle_.pop_back();
        return queries;
    }
    --left_;
    lock.unlock();
    try {
        return std::make_unique<Queries>(path_);
    } catch (const DatabaseError& error) {
        give_back(nullptr);
        throw StoreError{error.failure(), error.damaged()};
    }
}

void ReadPool::give_back(std::unique_ptr<Queries> queries) noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (queries != nullptr) {
            idle_.push_back(std::move(queries));
        } else {
            ++left_;
        }
    }
    returned_.notify_one();
}

}  // namespace fanfetch::sqlite
