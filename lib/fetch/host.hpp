#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace fanfetch {

/// The politeness owed to one host by everybody: how many exchanges may run at a time.
///
/// What a host gets is the lowest of the operator's ceiling and what the jobs that wait for it
/// ask.
///
/// Units    exchanges in progress
/// Threads  the one shard that the host's name hashes to
class Host {
public:
    Host(std::string key, std::size_t ceiling) : key_{std::move(key)}, limit_{ceiling} {}

    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] bool may_start() const noexcept { return in_flight_ < limit_; }
    [[nodiscard]] std::size_t free_slots() const noexcept {
        return in_flight_ < limit_ ? limit_ - in_flight_ : 0;
    }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

    void set_limit(std::size_t limit) noexcept { limit_ = limit; }
    void started() noexcept { ++in_flight_; }
    void ended() noexcept { --in_flight_; }

private:
    std::string key_;
    std::size_t limit_;
    std::size_t in_flight_ = 0;
};

}  // namespace fanfetch
