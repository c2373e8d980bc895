#include "actor/core.hpp"

#include "actor/runner.hpp"

#include <utility>

namespace fanfetch::detail {
namespace {

thread_local const Core* current_core = nullptr;

EnvelopePtr exit_request() {
    return std::make_unique<EnvelopeOf<ExitRequest>>(Address{}, ExitRequest{});
}

}  // namespace

Core::Inside::Inside(const Core& core) noexcept : before_{std::exchange(current_core, &core)} {}

Core::Inside::~Inside() {
    current_core = before_;
}

bool Core::inside() const noexcept {
    return current_core == this;
}

Core::Core(Parts parts)
    : parts_{std::move(parts)},
      alarm_{[this] { current_core = this; }},
      on_dead_letter_{
          parts_.on_dead_letter
              ? std::make_shared<const DeadLetterHandler>(std::move(parts_.on_dead_letter))
              : nullptr},
      over_{promise_.get_future()} {
    (void)promise_.set_running_or_notify_cancel();  // whoever waits for the end cannot call it off
}

Core::~Core() = default;

Runner& Core::next_runner() noexcept {
    const auto turn = turn_.fetch_add(1, std::memory_order_relaxed);
    return *parts_.runners[turn % parts_.runners.size()];
}

void Core::dead_letter(EnvelopePtr letter, const Address& to, dead_letter_reason reason) noexcept {
    dead_letters_.fetch_add(1);
    auto handler = [this] {
        const std::lock_guard lock{mutex_};
        return on_dead_letter_;
    }();
    if (!handler) {
        return;
    }
    try {
        auto from = letter->from();
        (*handler)(DeadLetter{AnyMessage{std::move(letter)}, std::move(from), to, reason});
    } catch (...) {
        report_error("handling a dead letter", std::current_exception());
    }
}

void Core::forget_handler() noexcept {
    std::shared_ptr<const DeadLetterHandler> forgotten;  // destroyed after the lock
    const std::lock_guard lock{mutex_};
    forgotten.swap(on_dead_letter_);
}

void Core::admit(Cell& cell, bool top_level) {
    auto address = cell.address();
    const std::lock_guard lock{mutex_};
    if (top_level) {
        if (shutting_down_) {
            throw ExecutorShutdown{"the actor system has been shut down"};
        }
        top_level_.insert(std::move(address));
    }
    ++living_;
}

void Core::orphaned(Cell& cell) {
    auto address = cell.address();
    bool exits = false;
    {
        const std::lock_guard lock{mutex_};
        // One that has ended meanwhile would never be taken out again: it closes before it does so.
        if (!cell.ended()) {
            top_level_.insert(std::move(address));
            exits = shutting_down_;
        }
    }
    if (exits) {
        (void)cell.notify(exit_request());
    }
}

void Core::ended(Cell& cell) {
    const auto address = cell.address();
    bool over = false;
    {
        const std::lock_guard lock{mutex_};
        top_level_.erase(address);
        --living_;
        over = is_over();
    }
    if (over) {
        finish();
    }
}

std::size_t Core::living() const {
    const std::lock_guard lock{mutex_};
    return living_;
}

bool Core::is_over() noexcept {
    return shutting_down_ && living_ == 0 && !std::exchange(finished_, true);
}

void Core::begin_shutdown() {
    std::set<Address> exiting;
    bool over = false;
    {
        const std::lock_guard lock{mutex_};
        if (std::exchange(shutting_down_, true)) {
            return;
        }
        exiting = top_level_;
        over = is_over();
    }
    for (const auto& address : exiting) {
        (void)static_cast<Cell*>(AddressAccess::target(address))->notify(exit_request());
    }
    if (over) {
        finish();
    }
}

/// Asks outlive the actors, which may still have answered them.
void Core::finish() {
    alarm_.close();
    promise_.set_result();
}

}  // namespace fanfetch::detail
