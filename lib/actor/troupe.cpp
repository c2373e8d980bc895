#include "actor/troupe.hpp"

#include <vector>

namespace fanfetch::detail {
namespace {

bool is_idle(const Address& member) {
    return static_cast<const Cell*>(AddressAccess::target(member))->idle();
}

}  // namespace

/// What the system says is left to the cell: a member whose constructor threw is logged, an exit
/// spreads to the members.
bool TroupeLeader::take(EnvelopePtr& letter) {
    if (const auto* const gone = letter->get_if<ChildExited>()) {
        std::erase(members_, gone->address);
        if (members_.empty()) {
            send(self(), ExitRequest{});
        }
        return false;
    }
    if (letter->kind().needs_no_room) {
        return false;
    }
    auto member = first_idle();
    for (std::size_t tries = 0; letter && tries < members_.size(); ++tries, ++member) {
        next_ = member + 1;
        (void)AddressAccess::target(members_[member % members_.size()])->deliver(letter);
    }
    return letter == nullptr;
}

/// From the one on whose turn it is; that one when all are busy.
std::size_t TroupeLeader::first_idle() const {
    for (std::size_t member = next_; member < next_ + members_.size(); ++member) {
        if (is_idle(members_[member % members_.size()])) {
            return member;
        }
    }
    return next_;
}

}  // namespace fanfetch::detail
