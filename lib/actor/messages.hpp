#pragma once

#include "actor/address.hpp"
#include "actor/envelope.hpp"
#include "future/errors.hpp"

#include <any>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace fanfetch {

/// A message of any type, to be looked at. Copies share it.
///
/// Threads  immutable
class AnyMessage {
public:
    AnyMessage() = default;
    explicit AnyMessage(std::shared_ptr<const detail::Envelope> letter)
        : letter_{std::move(letter)} {}

    [[nodiscard]] bool empty() const noexcept { return letter_ == nullptr; }
    /// The message if it is an `M`, else null.
    template <class M>
    [[nodiscard]] const M* get_if() const noexcept {
        return letter_ ? letter_->get_if<M>() : nullptr;
    }
    /// The name of its type, as one writes it.
    [[nodiscard]] std::string type_name() const;

private:
    std::shared_ptr<const detail::Envelope> letter_;
};

/// Comes back to the sender of a message whose handler failed for good; for an ask it is the
/// exception of the future.
class Poison : public Error {
public:
    Poison(AnyMessage message, std::string type, std::exception_ptr cause);

    AnyMessage message;        ///< empty if its type is not retried: the handler was given it
    std::string details;       ///< what the handler threw, as text
    std::exception_ptr cause;  ///< what the handler threw
};

/// Ends its receiver once it has handled this, however that goes; it cannot be refused.
struct ExitRequest {
    bool recursive = true;  ///< the receiver's children are asked as well; else they live on
};

/// Tells a parent, once, that a child has ended, for whatever reason.
struct ChildExited {
    Address address;
    std::exception_ptr error;  ///< what the child's constructor threw; null if it had begun to live
};

/// What `wakeup_after` delivers.
struct Wakeup {
    std::chrono::nanoseconds delay;  ///< as it was asked for
    std::any payload;                ///< as it was given

    /// The payload if it is a `T`, else null.
    template <class T>
    [[nodiscard]] const T* get_if() const noexcept {
        return std::any_cast<T>(&payload);
    }
};

enum class dead_letter_reason {
    nobody,          ///< sent to an address that is nobody's
    ended,           ///< the receiver had ended, or ended before it came to the message
    answered,        ///< a reply to an ask that was over: answered, timed out or cancelled
    not_understood,  ///< the receiver does not take messages of this type
};

/// A message that reached nobody.
struct DeadLetter {
    AnyMessage message;
    Address from;
    Address to;
    dead_letter_reason reason;
};

/// Errors   what it throws goes to the error logger
/// Threads  called from any thread, from several at once, never under a lock of ours
using DeadLetterHandler = std::function<void(const DeadLetter&)>;

/// The request of an ask did not reach a mailbox, so that nobody can answer it: the actor has
/// ended, or its mailbox is full.
class NotDelivered : public Error {
public:
    using Error::Error;
};

/// The reply to an ask is not of the type that was asked for.
class UnexpectedReply : public Error {
public:
    using Error::Error;
};

}  // namespace fanfetch
