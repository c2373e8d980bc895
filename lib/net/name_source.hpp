#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace fanfetch {

/// Whoever knows what names stand for: name servers, or the C library. It is asked about one name
/// at a time however many want to know, and remembers nothing; that is make_flight_resolver's part.
///
/// Threads  the loop
class NameSource {
public:
    using OnAnswer = std::function<void(Expected<Answer> answer, std::chrono::seconds ttl)>;

    virtual ~NameSource() = default;

    /// Calls `on_answer` once, on the loop, perhaps inside this call; nobody waits for it any more
    /// at `deadline`. A source that is destroyed calls nobody.
    virtual void ask(std::string name, Steady::time_point deadline, OnAnswer on_answer) = 0;
};

}  // namespace fanfetch
