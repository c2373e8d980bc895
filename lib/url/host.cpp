#include "url/host.hpp"

#include "url/byte_set.hpp"
#include "url/idna.hpp"
#include "url/ip_text.hpp"
#include "url/percent.hpp"

namespace fanfetch {
namespace {

Failure unreadable(std::string why) {
    return failed(failure_code::url_invalid, "reading the host: " + std::move(why));
}

Expected<std::string> parse_bracketed(std::string_view text) {
    if (!text.ends_with(']')) {
        return unreadable("the bracket is not closed");
    }
    const auto address = parse_ipv6(text.substr(1, text.size() - 2));
    if (!address) {
        return unreadable("not an IPv6 address between the brackets");
    }
    return '[' + format_ipv6(*address) + ']';
}

}  // namespace

Expected<std::string> parse_host(std::string_view text) {
    if (text.empty()) {
        return unreadable("it is empty");
    }
    if (text.front() == '[') {
        return parse_bracketed(text);
    }
    auto name = domain_to_ascii(percent_decoded(text));
    if (!name) {
        return unreadable("not an internationalised name that can be looked up safely");
    }
    if (name->empty()) {
        return unreadable("nothing is left of it after mapping");
    }
    const auto at = forbidden_domain_bytes.find_in(*name);
    if (at < name->size()) {
        const char byte = (*name)[at];
        return unreadable(
            control_bytes.contains(byte) ? "a control character in a name"
                                         : std::string{"the character '"} + byte + "' in a name"
        );
    }
    if (!ends_in_number(*name)) {
        return *std::move(name);
    }
    const auto address = parse_ipv4(*name);
    if (!address) {
        return unreadable("it ends in a number, but is not an IPv4 address");
    }
    return format_ipv4(*address);
}

}  // namespace fanfetch
