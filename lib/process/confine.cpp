#include "process/confine.hpp"

#include "process/system_calls.hpp"

#include <sys/prctl.h>

#include <cstring>

namespace fanfetch {

std::optional<std::string> confine() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return std::nullopt;
#else
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return "keeping it from new privileges failed";
    }
    if (const int error = detail::system_calls::service(); error != 0) {
        return std::string{"keeping it to its system calls failed: "} + std::strerror(-error);
    }
    return std::nullopt;
#endif
}

}  // namespace fanfetch
