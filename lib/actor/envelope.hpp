#pragma once

#include "actor/address.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace fanfetch {

class Poison;
struct ExitRequest;
struct ChildExited;
struct Wakeup;

namespace detail {

template <class M>
constexpr bool retried_by_default() {
    if constexpr (requires {
                      { M::retried } -> std::convertible_to<bool>;
                  }) {
        return M::retried;
    } else {
        return std::is_copy_constructible_v<M>;
    }
}

template <class M>
inline constexpr bool is_borrowed_text =
    std::is_same_v<M, const char*> || std::is_same_v<M, char*> ||
    std::is_same_v<M, std::string_view>;

}  // namespace detail

/// Whether a handler that throws is tried once more with the same message. A retried message is
/// copied into each try; one that is not is moved into its only one.
///
/// By default what can be copied is retried. A type says otherwise with a member,
///
///     struct Result { static constexpr bool retried = false; };
///
/// and somebody else's type with a specialisation of this variable.
template <class M>
inline constexpr bool retried = detail::retried_by_default<M>();

/// The type a message travels as: its own, but text that somebody else owns travels as std::string.
template <class M>
using MessageOf =
    std::conditional_t<detail::is_borrowed_text<std::decay_t<M>>, std::string, std::decay_t<M>>;

namespace detail {

/// What is known of every message of one type. One object for each, whose address is compared
/// instead of types, which would compare names.
struct MessageKind {
    const std::type_info& type;
    bool retried;
    bool notice;         ///< from the system: if its handler fails there is nobody to tell
    bool needs_no_room;  ///< taken by a full mailbox: it is never refused
};

template <class M>
inline constexpr bool is_notice =
    std::is_same_v<M, Poison> || std::is_same_v<M, ChildExited> || std::is_same_v<M, Wakeup>;

template <class M>
inline constexpr MessageKind kind_of{
    typeid(M), retried<M>, is_notice<M>, is_notice<M> || std::is_same_v<M, ExitRequest>};

/// A message on its way: who sent it, of what kind it is, and the link of the mailbox's queue.
///
/// Threads  one at a time: the sender's, then the receiver's
class Envelope {
public:
    Envelope(const MessageKind& kind, Address from) noexcept
        : kind_{kind}, from_{std::move(from)} {}
    Envelope(const Envelope&) = delete;
    Envelope& operator=(const Envelope&) = delete;
    virtual ~Envelope() = default;

    [[nodiscard]] const MessageKind& kind() const noexcept { return kind_; }
    [[nodiscard]] const Address& from() const noexcept { return from_; }

    template <class M>
    [[nodiscard]] M* get_if() noexcept;
    template <class M>
    [[nodiscard]] const M* get_if() const noexcept {
        return const_cast<Envelope*>(this)->get_if<M>();
    }

private:
    friend class EnvelopeQueue;

    const MessageKind& kind_;
    Address from_;
    Envelope* next_ = nullptr;
};

template <class M>
class EnvelopeOf final : public Envelope {
public:
    template <class... Args>
    explicit EnvelopeOf(Address from, Args&&... args)
        : Envelope{kind_of<M>, std::move(from)}, message(std::forward<Args>(args)...) {}

    M message;
};

template <class M>
M* Envelope::get_if() noexcept {
    return &kind_ == &kind_of<M> ? &static_cast<EnvelopeOf<M>*>(this)->message : nullptr;
}

/// First in, first out, without allocating. Owns the letters in it.
///
/// Threads  one at a time; destroy letters outside locks, they hold user code
class EnvelopeQueue {
public:
    EnvelopeQueue() = default;
    EnvelopeQueue(const EnvelopeQueue&) = delete;
    EnvelopeQueue& operator=(const EnvelopeQueue&) = delete;
    ~EnvelopeQueue() {
        while (!empty()) {
            (void)pop();
        }
    }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    void push(EnvelopePtr letter) noexcept {
        auto* const added = letter.release();
        (first_ == nullptr ? first_ : last_->next_) = added;
        last_ = added;
    }

    [[nodiscard]] EnvelopePtr pop() noexcept {
        auto* const letter = std::exchange(first_, first_->next_);
        letter->next_ = nullptr;
        return EnvelopePtr{letter};
    }

    void swap(EnvelopeQueue& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
    }

private:
    Envelope* first_ = nullptr;
    Envelope* last_ = nullptr;
};

}  // namespace detail
}  // namespace fanfetch
