#include "executor/exit_gate.hpp"

#include <utility>

namespace fanfetch::detail {

ExitGate& ExitGate::instance() {
    static ExitGate gate;
    return gate;
}

ExitGate::~ExitGate() {
    std::vector<std::weak_ptr<Leftover>> pools;
    {
        const std::lock_guard lock{mutex_};
        pools.swap(pools_);
    }
    for (const auto& watched : pools) {
        if (const auto pool = watched.lock()) {
            pool->end_of_program();
        }
    }
    for (auto& let_go : let_go_) {
        let_go.worker.join();
    }
}

void ExitGate::watch(const std::shared_ptr<Leftover>& pool) {
    const std::lock_guard lock{mutex_};
    pools_.push_back(pool);
}

void ExitGate::forget(const std::shared_ptr<Leftover>& pool) noexcept {
    const std::lock_guard lock{mutex_};
    // Compared without locking the pointer: another pool's last reference must not end in here.
    std::erase_if(pools_, [&pool](const std::weak_ptr<Leftover>& watched) {
        return watched.expired() || (!watched.owner_before(pool) && !pool.owner_before(watched));
    });
}

void ExitGate::adopt(std::thread worker, const std::shared_ptr<Leftover>& pool) {
    const std::lock_guard lock{mutex_};
    std::erase_if(let_go_, [](LetGo& earlier) {
        if (!earlier.pool.expired()) {
            return false;
        }
        earlier.worker.join();  // on its last few instructions
        return true;
    });
    let_go_.push_back(LetGo{std::move(worker), pool});
}

}  // namespace fanfetch::detail
