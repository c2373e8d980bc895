#pragma once

#include "base/expected.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// Reads what stands between "//" and the port, and returns the one spelling of it: a lower-case
/// ASCII name, a dotted IPv4 address, or a bracketed IPv6 address.
///
/// Percent-decoding comes first, then UTS 46, then the test for an address, so that "%31" and
/// full-width digits make an address as "1" does. A name may have empty labels and a final dot:
/// whether it can be looked up is the resolver's to say.
///
/// Errors  url_invalid; `detail` never repeats the text, which may be half of a password
/// Source  https://url.spec.whatwg.org/#concept-host-parser
[[nodiscard]] Expected<std::string> parse_host(std::string_view text);

}  // namespace fanfetch
