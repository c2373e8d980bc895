#include "actor/actor_system.hpp"

#include "actor/runner.hpp"
#include "executor/off_loop.hpp"

#include <stdexcept>
#include <system_error>

namespace fanfetch {
namespace {

detail::Core::Parts parts_on_pool(Executor& pool, ActorSystemOptions options) {
    detail::Core::Parts parts{
        .runners = {},
        .on_dead_letter = std::move(options.on_dead_letter),
        .capacity = options.mailbox_capacity};
    parts.runners.push_back(std::make_unique<detail::PoolRunner>(pool));
    return parts;
}

detail::Core::Parts parts_on_loops(
    const std::vector<LoopExecutor>& loops, ActorSystemOptions options
) {
    if (loops.empty()) {
        throw std::invalid_argument{"an actor system needs a loop to run on"};
    }
    detail::Core::Parts parts{
        .runners = {},
        .on_dead_letter = std::move(options.on_dead_letter),
        .capacity = options.mailbox_capacity};
    for (const auto& loop : loops) {
        parts.runners.push_back(std::make_unique<detail::LoopRunner>(loop));
    }
    return parts;
}

}  // namespace

ActorSystem::ActorSystem(ActorSystemOptions options)
    : pool_{std::make_unique<ThreadPoolExecutor>(std::move(options.pool))},
      core_{std::make_shared<detail::Core>(parts_on_pool(*pool_, std::move(options)))} {}

ActorSystem::ActorSystem(Executor& pool, ActorSystemOptions options)
    : core_{std::make_shared<detail::Core>(parts_on_pool(pool, std::move(options)))} {}

ActorSystem::ActorSystem(const std::vector<LoopExecutor>& loops, ActorSystemOptions options)
    : core_{std::make_shared<detail::Core>(parts_on_loops(loops, std::move(options)))} {}

ActorSystem::~ActorSystem() {
    shutdown();
    core_->alarm().join();
    core_->forget_handler();
}

void ActorSystem::post_request(
    detail::AskBase& ask, const Address& to, detail::EnvelopePtr letter, TimeLimit timeout
) {
    ask.wait_for_reply(timeout.deadline());
    const auto outcome = detail::deliver(*core_, to, letter);
    if (outcome != delivery::queued) {
        ask.give_up(std::make_exception_ptr(NotDelivered{
            "ask: " + to_string(to) +
            (outcome == delivery::full ? " has no room for the request" : " takes no requests")}));
    }
}

Future<void> ActorSystem::begin_shutdown() {
    core_->begin_shutdown();
    return core_->over();
}

void ActorSystem::shutdown() {
    const auto over = begin_shutdown();
    if (over.done()) {
        return;
    }
    if (core_->inside()) {
        throw std::system_error{
            std::make_error_code(std::errc::resource_deadlock_would_occur),
            "an actor waits for the end of its own system"};
    }
    (void)OffLoop::claim();
    over.result();
}

}  // namespace fanfetch
