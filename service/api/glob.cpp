#include "api/glob.hpp"

#include <cstddef>

namespace fanfetch {

bool matches_glob(std::string_view pattern, std::string_view text) noexcept {
    std::size_t at = 0;
    std::size_t wanted = 0;
    // The last star: what follows it is tried at one place after the other. An earlier star need
    // not be tried again, since the later one takes whatever it could have left.
    auto star = std::string_view::npos;
    std::size_t tried_from = 0;
    while (at < text.size()) {
        if (wanted < pattern.size() && pattern[wanted] == '*') {
            star = wanted++;
            tried_from = at;
        } else if (wanted < pattern.size() && pattern[wanted] == text[at]) {
            ++wanted;
            ++at;
        } else if (star != std::string_view::npos) {
            wanted = star + 1;
            at = ++tried_from;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', wanted) == std::string_view::npos;
}

}  // namespace fanfetch
