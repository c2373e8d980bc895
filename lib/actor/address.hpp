#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace fanfetch {

/// What became of a message that was sent.
enum class delivery {
    queued,       ///< it is in the receiver's mailbox
    full,         ///< the mailbox has no room; a message sent as an rvalue is the caller's again
    dead_letter,  ///< the receiver has ended, or was never one; the dead-letter handler has it
};

namespace detail {

class Envelope;
using EnvelopePtr = std::unique_ptr<Envelope>;

/// Where messages can be sent: an actor, or somebody who waits for one reply. It is counted, and
/// what an address keeps alive is this shell; the actor in it ends when its time comes.
///
/// Threads  any thread
class Target {
public:
    Target() noexcept;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    /// Never blocks and never runs a handler. Takes the letter unless it answers `full`.
    virtual delivery deliver(EnvelopePtr& letter) = 0;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    friend void intrusive_ptr_add_ref(const Target* target) noexcept {
        target->references_.fetch_add(1, std::memory_order_relaxed);
    }
    friend void intrusive_ptr_release(const Target* target) noexcept {
        if (target->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete target;
        }
    }

protected:
    virtual ~Target() = default;

private:
    const std::uint64_t id_;  ///< counted from 1 through the whole process
    mutable std::atomic<std::uint32_t> references_{0};
};

using TargetPtr = boost::intrusive_ptr<Target>;

struct AddressAccess;

}  // namespace detail

/// Where an actor, or whoever asked, can be reached: an opaque token.
///
/// It may be copied, kept and sent in messages, and outlives the actor harmlessly: what is sent to
/// one that has ended is a dead letter. No address is ever used again for somebody else. A default
/// one is nobody's. The order is that of creation.
///
/// Threads  any thread; one variable is not to be assigned while another thread reads it
class Address {
public:
    Address() noexcept = default;

    explicit operator bool() const noexcept { return target_ != nullptr; }

    friend bool operator==(const Address& a, const Address& b) noexcept {
        return a.target_ == b.target_;
    }
    friend std::strong_ordering operator<=>(const Address& a, const Address& b) noexcept {
        return a.id() <=> b.id();
    }

    /// "actor-17", for people.
    friend std::string to_string(const Address& address);

private:
    friend struct detail::AddressAccess;
    friend struct std::hash<Address>;

    explicit Address(detail::TargetPtr target) noexcept : target_{std::move(target)} {}
    [[nodiscard]] std::uint64_t id() const noexcept { return target_ ? target_->id() : 0; }

    detail::TargetPtr target_;
};

namespace detail {

/// The way from addresses to targets and back, for this module.
struct AddressAccess {
    [[nodiscard]] static Target* target(const Address& address) noexcept {
        return address.target_.get();
    }
    [[nodiscard]] static Address make(Target& target) noexcept {
        return Address{TargetPtr{&target}};
    }
};

}  // namespace detail
}  // namespace fanfetch

template <>
struct std::hash<fanfetch::Address> {
    std::size_t operator()(const fanfetch::Address& address) const noexcept {
        return std::hash<std::uint64_t>{}(address.id());
    }
};
