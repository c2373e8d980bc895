#include "resolver_threads.hpp"

#include "executor/thread_pool_executor.hpp"

namespace fanfetch {

Executor& resolver_threads() {
    static auto& threads = *new ThreadPoolExecutor({
        .max_workers = static_cast<int>(resolver_thread_count),
        .name_prefix = "dns",
        .at_exit = exit_policy::abandon,
    });
    return threads;
}

}  // namespace fanfetch
