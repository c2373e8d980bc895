#pragma once

#include "host/host_sign.hpp"
#include "job/dispatcher.hpp"

#include <memory>
#include <string>

namespace fanfetch {

/// The hosts of one attempt, whichever shards they belong to.
///
/// Threads  the shard of the dispatcher that makes the attempt
class AttemptVisits final : public HostVisits {
public:
    /// An attempt of the dispatcher, which is not with any host yet.
    AttemptVisits(Dispatcher& dispatcher, VisitWish wish) : dispatcher_{dispatcher}, wish_{wish} {}
    /// One at an item of the `home` host, which has admitted it; it began at `since`.
    AttemptVisits(Dispatcher& dispatcher, VisitWish wish, HostQueue& home, Steady::time_point since)
        : dispatcher_{dispatcher}, wish_{wish}, home_{&home}, since_{since} {}
    /// Leaves the host it is with, about which nothing was learned.
    ~AttemptVisits() override;
    AttemptVisits(const AttemptVisits&) = delete;

    [[nodiscard]] bool elsewhere(const Url& to) const override;
    void leave(std::uint16_t status, std::chrono::microseconds first_byte) override;
    awaitable<std::optional<NotAdmitted>> enter(const Url& to) override;
    void end(const FetchOutcome& outcome) override;

    /// Whether it is still with the host of its item, whose place the caller gives back; and what
    /// `end` has learned of that one.
    [[nodiscard]] bool at_home() const noexcept { return home_ != nullptr; }
    [[nodiscard]] const AttemptSigns& signs() const noexcept { return signs_; }

private:
    void depart(const AttemptSigns& signs);

    Dispatcher& dispatcher_;
    VisitWish wish_;
    HostQueue* home_ = nullptr;
    std::shared_ptr<HostVisitor> visitor_;
    std::string visited_;  // the key of the host we are with, once we have left home
    Steady::time_point since_{};
    AttemptSigns signs_;
};

}  // namespace fanfetch
