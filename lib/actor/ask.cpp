#include "actor/ask.hpp"

#include <boost/core/demangle.hpp>

#include <string>

namespace fanfetch::detail {
namespace {

/// The place of an ask among those that wait for a reply.
class AskEntry final : public AlarmEntry {
public:
    explicit AskEntry(boost::intrusive_ptr<AskBase> ask) : ask_{std::move(ask)} {}

    void due() noexcept override {
        ask_->give_up(std::make_exception_ptr(TimeoutError{"ask: no reply in time"}));
    }
    void closed() noexcept override {
        ask_->give_up(std::make_exception_ptr(CancelledError{"ask: the actor system has ended"}));
    }
    [[nodiscard]] bool stale() const noexcept override { return ask_->over(); }

private:
    boost::intrusive_ptr<AskBase> ask_;
};

}  // namespace

void AskBase::wait_for_reply(const Deadline& deadline) {
    ticket_ = core_->alarm().reserve(deadline);
    core_->alarm().add(ticket_, std::make_unique<AskEntry>(boost::intrusive_ptr<AskBase>{this}));
}

delivery AskBase::deliver(EnvelopePtr& letter) {
    if (!claim()) {
        core_->dead_letter(
            std::move(letter), AddressAccess::make(*this), dead_letter_reason::answered
        );
        return delivery::dead_letter;
    }
    const TargetPtr keep{this};
    core_->alarm().remove(ticket_);
    if (!complete(*letter)) {
        core_->dead_letter(
            std::move(letter), AddressAccess::make(*this), dead_letter_reason::answered
        );
        return delivery::dead_letter;
    }
    letter.reset();
    return delivery::queued;
}

void AskBase::give_up(const std::exception_ptr& error) noexcept {
    if (!claim()) {
        return;
    }
    core_->alarm().remove(ticket_);
    (void)fail(error);
}

std::exception_ptr error_of_reply(Envelope& letter, const std::type_info& wanted) {
    if (auto* const poison = letter.get_if<Poison>()) {
        return std::make_exception_ptr(Poison{*poison});
    }
    using boost::core::demangle;
    return std::make_exception_ptr(UnexpectedReply{
        "ask: the reply is of type " + demangle(letter.kind().type.name()) + " where " +
        demangle(wanted.name()) + " was asked for"});
}

}  // namespace fanfetch::detail
