#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace fanfetch {

/// Remembers what names resolved to, for as long as their owners allow.
///
/// A time to live is kept between `shortest` and `longest`: a second spares the name server when
/// one page names a host a hundred times, and judging every answer before every dial makes it safe.
/// That a name does not exist is remembered for `negative`; other failures are not remembered. When
/// it is full, the name least recently used makes room.
///
/// Threads  its owner's
/// Source   RFC 2308 (negative answers)
class DnsCache {
public:
    static constexpr std::chrono::seconds shortest{1};
    static constexpr std::chrono::hours longest{1};
    static constexpr std::chrono::seconds negative{5};

    explicit DnsCache(std::size_t most_names) : most_names_{most_names} {}

    [[nodiscard]] std::optional<Expected<Answer>> find(
        const std::string& name, Steady::time_point now
    );
    void store(
        const std::string& name, const Expected<Answer>& answer, std::chrono::seconds ttl,
        Steady::time_point now
    );
    [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

private:
    struct Entry {
        std::string name;
        Expected<Answer> answer;
        Steady::time_point expiry;
    };
    using Entries = std::list<Entry>;  // most recently used first

    std::size_t most_names_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> by_name_;
};

}  // namespace fanfetch
