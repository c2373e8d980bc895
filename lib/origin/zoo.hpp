#pragma once

#include "origin/script.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::origin {

/// What an animal is asked for.
struct ZooRequest {
    std::string_view argument;  ///< what stands behind its name in the path; may be empty
    std::uint64_t asked = 0;    ///< how often this target has been asked for before
};

/// One way to misbehave, at /zoo/<name>.
struct Animal {
    std::string_view name;
    std::string_view argument;  ///< what may follow in the path, for the list; empty: nothing
    std::string_view does;      ///< in a few words
    /// What a careful client makes of it: "succeeded", or the code that fanfetch reports. Where
    /// the argument decides, this is what it is without one.
    std::string_view ends_as;
    Script (*answer)(const ZooRequest&);
};

/// All of them, in the order they are listed.
[[nodiscard]] std::span<const Animal> zoo();

/// The animal of this name; null when there is none.
[[nodiscard]] const Animal* find_animal(std::string_view name);

}  // namespace fanfetch::origin
