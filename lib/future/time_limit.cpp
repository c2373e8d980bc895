#include "future/time_limit.hpp"

namespace fanfetch {

Deadline TimeLimit::deadline() const {
    if (!duration_) {
        return std::nullopt;
    }
    return saturating_add(Steady::now(), *duration_);
}

}  // namespace fanfetch
