#pragma once

#include "actor/actor_base.hpp"

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace fanfetch {

namespace detail {

/// Passes each letter on to one of its members, as it came.
class TroupeLeader : public ActorBase {
protected:
    void enlist(const Address& member) { members_.push_back(member); }

private:
    bool take(EnvelopePtr& letter) override;
    [[nodiscard]] std::size_t first_idle() const;

    std::vector<Address> members_;
    std::size_t next_ = 0;  ///< whose turn it is
};

}  // namespace detail

/// Several workers behind one address: `system.create<Troupe<Worker>>(4, arguments...)`.
///
/// Each message goes to exactly one member, an idle one if there is any, else to one after the
/// other; the member sees the original sender. So messages of one sender may overtake each other.
/// The members are the troupe's children: they exit with it, and it exits with the last of them.
/// When no member has room a message is a dead letter.
///
/// Errors   std::invalid_argument for a troupe without members, as any constructor's failure
/// Threads  the troupe's strand
template <class Member>
class Troupe final : public detail::TroupeLeader {
public:
    /// Each member's constructor is given copies of the arguments.
    template <class... Args>
    explicit Troupe(std::size_t members, const Args&... args) {
        if (members < 1) {
            throw std::invalid_argument{"a troupe needs a member"};
        }
        for (std::size_t count = 0; count < members; ++count) {
            enlist(create<Member>(args...));
        }
    }
};

}  // namespace fanfetch
