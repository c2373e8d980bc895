#include "actor/actor_base.hpp"

#include "future/errors.hpp"

#include <memory>

namespace fanfetch {
namespace {

detail::Cell& cell_being_filled() {
    auto* const cell = detail::Cell::current();
    if (cell == nullptr) {
        throw InvalidStateError{"an actor is made with create"};
    }
    return *cell;
}

/// A Wakeup that is not due yet.
class WakeupEntry final : public detail::AlarmEntry {
public:
    WakeupEntry(detail::CellPtr sleeper, detail::EnvelopePtr letter)
        : sleeper_{std::move(sleeper)}, letter_{std::move(letter)} {}

    void due() noexcept override { (void)sleeper_->notify(std::move(letter_)); }
    void closed() noexcept override {}
    [[nodiscard]] bool stale() const noexcept override { return sleeper_->ended(); }

private:
    detail::CellPtr sleeper_;
    detail::EnvelopePtr letter_;
};

}  // namespace

ActorBase::ActorBase() : cell_{cell_being_filled()} {}

void ActorBase::wake_up_after(TimeLimit delay, std::any payload) {
    if (!delay.limited()) {
        return;
    }
    auto letter = std::make_unique<detail::EnvelopeOf<Wakeup>>(
        self(), Wakeup{.delay = *delay.duration(), .payload = std::move(payload)}
    );
    auto& alarm = cell_.core()->alarm();
    alarm.add(
        alarm.reserve(delay.deadline()),
        std::make_unique<WakeupEntry>(detail::CellPtr{&cell_}, std::move(letter))
    );
}

}  // namespace fanfetch
