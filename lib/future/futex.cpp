#include "future/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace fanfetch::detail {

bool futex_wait(
    const std::atomic<std::uint32_t>& word, std::uint32_t expected, const Deadline& deadline
) noexcept {
    static_assert(sizeof(word) == sizeof(std::uint32_t));
    timespec until{};
    if (deadline) {
        const auto since = deadline->time_since_epoch();
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
        until.tv_sec = seconds.count();
        until.tv_nsec = (since - seconds).count();
    }
    const auto outcome = ::syscall(
        SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline ? &until : nullptr, nullptr,
        FUTEX_BITSET_MATCH_ANY
    );
    return outcome == 0 || errno != ETIMEDOUT;
}

void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace fanfetch::detail
