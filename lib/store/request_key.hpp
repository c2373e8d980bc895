#pragma once

#include "base/time.hpp"
#include "model/result.hpp"

#include <string>

namespace fanfetch {

/// A request that made something, under the key its client gave it: what a repetition of it gets.
struct RequestKey {
    std::string tenant;
    std::string key;
    Sha256 digest{};  ///< of the request
    std::string job_id;
    std::string answer{};  ///< as it was given, in the words of who gave it; empty: none was yet
    WallTime created_at{};

    friend bool operator==(const RequestKey&, const RequestKey&) = default;
};

}  // namespace fanfetch
