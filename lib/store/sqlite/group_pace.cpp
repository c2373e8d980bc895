#include "store/sqlite/group_pace.hpp"

#include <cmath>

namespace fanfetch::sqlite {
namespace {

constexpr std::chrono::duration<double> memory{0.02};

}  // namespace

double GroupPace::load_at(Steady::time_point now) const {
    return load_ * std::exp(-std::chrono::duration<double>{now - last_} / memory);
}

Steady::time_point GroupPace::due(Steady::time_point now, std::size_t waiting) const {
    const bool busy = load_at(now) >= busy_per_second * memory.count();
    if (!busy || waiting >= enough) {
        return now;
    }
    return last_ + longest_wait;
}

void GroupPace::took(Steady::time_point now, std::size_t items) {
    load_ = load_at(now) + static_cast<double>(items);
    last_ = now;
}

}  // namespace fanfetch::sqlite
