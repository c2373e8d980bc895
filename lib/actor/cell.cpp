#include "actor/cell.hpp"

#include "actor/actor_base.hpp"
#include "actor/core.hpp"
#include "actor/messages.hpp"
#include "actor/runner.hpp"

#include <string>

namespace fanfetch::detail {
namespace {

/// So many messages in a row, then others get their turn. Enough to make asking for the next turn
/// cheap, and few enough for a loop that has sockets to serve.
constexpr int messages_per_turn = 32;

thread_local Cell* current_cell = nullptr;

/// While it lives, the thread is in a turn of a cell.
class Turn {
public:
    explicit Turn(Cell& cell)
        : before_{std::exchange(current_cell, &cell)}, inside_{*cell.core()} {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { current_cell = before_; }

private:
    Cell* before_;
    Core::Inside inside_;
};

}  // namespace

Cell* Cell::current() noexcept {
    return current_cell;
}

Cell::Cell(Place place)
    : core_{std::move(place.core)},
      runner_{core_->next_runner()},
      capacity_{place.capacity},
      parent_{std::move(place.parent)} {}

Cell::~Cell() = default;

/// Takes the letter unless it answers `refused`.
Cell::post Cell::add(EnvelopePtr& letter) {
    const std::lock_guard lock{mutex_};
    if (closed_) {
        return post::refused;
    }
    incoming_.push(std::move(letter));
    return std::exchange(scheduled_, true) ? post::added : post::first;
}

delivery Cell::deliver(EnvelopePtr& letter) {
    const bool counted = capacity_ && !letter->kind().needs_no_room;
    if (counted && waiting_.fetch_add(1, std::memory_order_relaxed) >= *capacity_) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return delivery::full;
    }
    const auto posted = add(letter);
    if (posted == post::refused) {
        waiting_.fetch_sub(counted ? 1 : 0, std::memory_order_relaxed);
        core_->dead_letter(std::move(letter), address(), dead_letter_reason::ended);
        return delivery::dead_letter;
    }
    if (posted == post::first) {
        ask_for_turn();
    }
    return delivery::queued;
}

bool Cell::notify(EnvelopePtr letter) {
    const auto posted = add(letter);
    if (posted == post::first) {
        ask_for_turn();
    }
    return posted != post::refused;
}

bool Cell::ended() const {
    const std::lock_guard lock{mutex_};
    return closed_;
}

bool Cell::idle() const {
    const std::lock_guard lock{mutex_};
    return !scheduled_;
}

void Cell::ask_for_turn() noexcept {
    try {
        runner_.run_soon(CellPtr{this});
    } catch (...) {
        report_error("asking for a turn of " + to_string(address()), std::current_exception());
        const std::lock_guard lock{mutex_};
        scheduled_ = false;  // the next message tries again
    }
}

void Cell::run() noexcept {
    const Turn turn{*this};
    if (!actor_) {
        construct();
    }
    for (int count = 0; count < messages_per_turn; ++count) {
        auto letter = actor_ ? next() : nullptr;
        if (!letter) {
            return;
        }
        handle(std::move(letter));
    }
    if (actor_) {
        ask_for_turn();
    }
}

/// The next message. Null when there is none: then whoever sends one asks for a turn, unless the
/// mailbox is closed.
EnvelopePtr Cell::next() {
    if (taken_.empty()) {
        const std::lock_guard lock{mutex_};
        taken_.swap(incoming_);
        if (taken_.empty()) {
            scheduled_ = closed_;
            return nullptr;
        }
    }
    auto letter = taken_.pop();
    if (capacity_ && !letter->kind().needs_no_room) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
    }
    return letter;
}

void Cell::construct() {
    try {
        actor_ = make();
    } catch (...) {
        end(true, std::current_exception());
    }
}

void Cell::handle(EnvelopePtr letter) {
    if (const auto* const gone = letter->get_if<ChildExited>()) {
        remove_child(gone->address);
    }
    const auto* const request = letter->get_if<ExitRequest>();
    const bool exits = request != nullptr;
    const bool recursive = exits && request->recursive;
    attempt(std::move(letter));
    if (exits) {
        end(recursive, nullptr);
    }
}

void Cell::attempt(EnvelopePtr letter) {
    std::exception_ptr error;
    for (int tries = letter->kind().retried ? 2 : 1; tries > 0; --tries) {
        try {
            if (!actor_->take(letter)) {
                not_understood(std::move(letter));
            }
            return;
        } catch (...) {
            error = std::current_exception();
        }
    }
    failed(std::move(letter), error);
}

/// What the system says may go by unheard, but for errors: those are logged.
void Cell::unheard(const Envelope& letter) {
    if (const auto* const poison = letter.get_if<Poison>()) {
        report_error("a message of " + to_string(address()) + " came back", poison->cause);
    }
    const auto* const gone = letter.get_if<ChildExited>();
    if (gone != nullptr && gone->error) {
        report_error("constructing " + to_string(gone->address), gone->error);
    }
}

void Cell::not_understood(EnvelopePtr letter) {
    if (letter->kind().needs_no_room) {
        unheard(*letter);
        return;
    }
    core_->dead_letter(std::move(letter), address(), dead_letter_reason::not_understood);
}

void Cell::failed(EnvelopePtr letter, const std::exception_ptr& error) {
    const auto& kind = letter->kind();
    const auto from = letter->from();
    auto* const sender = AddressAccess::target(from);
    AnyMessage message{std::move(letter)};
    const auto type = message.type_name();
    if (sender == nullptr || kind.notice) {
        report_error(to_string(address()) + " handling " + type, error);
        return;
    }
    Poison poison{kind.retried ? std::move(message) : AnyMessage{}, type, error};
    EnvelopePtr reply = std::make_unique<EnvelopeOf<Poison>>(address(), std::move(poison));
    if (sender->deliver(reply) == delivery::dead_letter) {
        report_error(to_string(address()) + " handling " + type, error);
    }
}

/// The end of the actor: its mailbox closes, then it is destroyed, then the family is told.
void Cell::end(bool recursive, const std::exception_ptr& error) {
    return_mail();
    actor_.reset();
    leave_children(recursive);
    const auto parent = std::exchange(parent_, nullptr);
    const bool told = parent && parent->notify(std::make_unique<EnvelopeOf<ChildExited>>(
                                    address(), ChildExited{.address = address(), .error = error}
                                ));
    if (error && !told) {
        report_error("constructing " + to_string(address()), error);
    }
    core_->ended(*this);
}

void Cell::return_mail() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    // Nothing more comes in, so what is there can be taken without the lock, in its order.
    while (auto letter = next()) {
        if (letter->kind().needs_no_room) {
            unheard(*letter);
        } else {
            core_->dead_letter(std::move(letter), address(), dead_letter_reason::ended);
        }
    }
}

void Cell::leave_children(bool recursive) {
    for (const auto& address : std::exchange(children_, {})) {
        auto& child = static_cast<Cell&>(*AddressAccess::target(address));
        if (recursive) {
            (void
            )child.notify(std::make_unique<EnvelopeOf<ExitRequest>>(this->address(), ExitRequest{})
            );
        } else {
            core_->orphaned(child);
        }
    }
}

}  // namespace fanfetch::detail
