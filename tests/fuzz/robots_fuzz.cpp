#include "fetch/robots_rules.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using fanfetch::RobotsRules;

/// The first line is a target, the rest a robots.txt: both end in a verdict, and the same one for
/// every spelling of line ends. What nobody is told about is allowed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const void* bytes = data;
    const std::string_view input{static_cast<const char*>(bytes), size};
    const auto end = input.find('\n');
    const auto target = "/" + std::string{input.substr(0, end)};
    const auto text = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);

    const auto rules = RobotsRules::parse(text, "fanfetch");
    const bool allowed = rules.allows(target);

    std::string with_crlf;
    for (const char c : text) {
        with_crlf += c == '\n' ? "\r\n" : std::string(1, c);
    }
    const bool short_enough = with_crlf.size() <= RobotsRules::longest_text;
    if (short_enough && RobotsRules::parse(with_crlf, "fanfetch").allows(target) != allowed) {
        std::abort();
    }
    constexpr std::size_t per_line = 64;
    if (rules.bytes() > 512 + per_line * (text.size() + 1) || !rules.allows("/robots.txt")) {
        std::abort();
    }
    return 0;
}
