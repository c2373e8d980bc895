#include "archive/safe_name.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// F9: any URL and any Content-Disposition give a name that stays inside its directory, and a set
// never gives one twice. The first line is the URL, the rest the header.

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void judge(const std::string& name) {
    constexpr std::string_view safe =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+";
    require(!name.empty() && name.size() <= fanfetch::longest_safe_name);
    require(name.find_first_not_of(safe) == std::string::npos);
    require(name.front() != '.' && name.front() != '-' && name.back() != '.');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const void* start = data;
    const std::string_view bytes{static_cast<const char*>(start), size};
    const auto line = bytes.find('\n');
    const auto url = bytes.substr(0, line);
    const auto header =
        line == std::string_view::npos ? std::string_view{} : bytes.substr(line + 1);

    const auto name = safe_name(url, header);
    judge(name);
    NameSet names;
    const auto first = names.unique(name);
    const auto second = names.unique(name);
    judge(second);
    require(first == name && second != first);
    return 0;
}
