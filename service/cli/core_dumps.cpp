#include "cli/core_dumps.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace fanfetch {

void leave_no_core_dumps() {
    constexpr rlim_t one_byte = 1;
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = std::min(one_byte, limit.rlim_max);
        ::setrlimit(RLIMIT_CORE, &limit);  // lowering it is always allowed
    }
}

}  // namespace fanfetch
