#pragma once

#include "actor/core.hpp"
#include "actor/messages.hpp"
#include "future/promise.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace fanfetch::detail {

/// The one-shot address of an ask. The first message sent to it, the passing of the deadline or the
/// end of the system completes the ask; messages after that are dead letters.
///
/// Threads  any thread
class AskBase : public Target {
public:
    delivery deliver(EnvelopePtr& letter) final;

    /// Fails the ask, unless it is over.
    void give_up(const std::exception_ptr& error) noexcept;
    [[nodiscard]] virtual bool over() const noexcept = 0;

    /// Enters the ask into the alarm's book; before the request is sent.
    void wait_for_reply(const Deadline& deadline);

protected:
    explicit AskBase(std::shared_ptr<Core> core) : core_{std::move(core)} {}

private:
    /// False when the future was cancelled.
    [[nodiscard]] virtual bool complete(Envelope& letter) = 0;
    [[nodiscard]] virtual bool fail(const std::exception_ptr& error) = 0;
    [[nodiscard]] bool claim() noexcept { return !claimed_.exchange(true); }

    const std::shared_ptr<Core> core_;
    Alarm::Ticket ticket_{};  ///< written before anybody knows the address
    std::atomic<bool> claimed_{false};
};

template <class Reply>
class Ask final : public AskBase {
public:
    explicit Ask(std::shared_ptr<Core> core) : AskBase{std::move(core)} {}

    [[nodiscard]] Future<Reply> future() const { return promise_.get_future(); }
    [[nodiscard]] bool over() const noexcept override { return promise_.get_future().done(); }

private:
    bool complete(Envelope& letter) override {
        if (auto* const reply = letter.get_if<Reply>()) {
            return promise_.try_set_result(std::move(*reply));
        }
        return fail(error_in(letter));
    }
    bool fail(const std::exception_ptr& error) override {
        return promise_.try_set_exception(error);
    }
    /// What a message that is no `Reply` says: that the handler failed, or that somebody errs.
    [[nodiscard]] static std::exception_ptr error_in(Envelope& letter);

    Promise<Reply> promise_;
};

[[nodiscard]] std::exception_ptr error_of_reply(Envelope& letter, const std::type_info& wanted);

template <class Reply>
std::exception_ptr Ask<Reply>::error_in(Envelope& letter) {
    return error_of_reply(letter, typeid(Reply));
}

}  // namespace fanfetch::detail
