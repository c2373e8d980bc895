#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Turns a host name in UTF-8 into the ASCII name that is looked up: lower case, "xn--" labels.
/// nullopt when it is not a name, or when libidn2 might read another name than browsers do.
///
/// ASCII names are only lowered, whatever their "xn--" labels decode to, as the standard has it
/// since 2026. The rest is UTS 46, non-transitional. libidn2 2.3 has older tables than today's
/// browsers and checks less than they do, so an answer of its own is taken only when it stands
/// three checks: its Unicode form comes back as the same ASCII, names with right-to-left labels
/// keep to letters, digits and hyphens, and U+1E9E (the one character that UTS 46 has mapped anew)
/// does not occur. Refused though the standard takes them are names with symbols, with labels
/// longer than 63 bytes, and with hyphens at the ends or in the third and fourth place of a label.
///
/// The answer may still hold bytes that are forbidden in a host ("％" maps to "%").
///
/// Threads  any thread
/// Source   https://url.spec.whatwg.org/#concept-domain-to-ascii, UTS 46 §4, RFC 5893 §2
[[nodiscard]] std::optional<std::string> domain_to_ascii(std::string_view name);

}  // namespace fanfetch
