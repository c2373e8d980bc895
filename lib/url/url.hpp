#pragma once

#include "base/expected.hpp"
#include "url/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fanfetch {

/// An absolute http or https URL in canonical form: the one spelling everybody judges, dials and
/// prints.
///
/// Read as the WHATWG URL standard reads it, or refused; never read as something else. Refused
/// although the standard takes it:
///   - user information, even an empty one: it is not sent;
///   - control characters and DEL anywhere: they are not stripped;
///   - schemes other than http and https;
///   - what is longer than `max_length`, before or after;
///   - internationalised names that libidn2 cannot be trusted with, see idna.hpp.
/// A host is a lower-case ASCII name, a dotted IPv4 address or a bracketed IPv6 address; nothing
/// else gets through. Which ports and addresses may be dialled is the gate's to say: port 0 reads.
///
/// Units    lengths in bytes
/// Errors   url_scheme for other schemes, else url_invalid; `detail` never repeats the authority,
///          where a misplaced password would be
/// Threads  immutable value
/// Source   https://url.spec.whatwg.org/ (parsing, host parsing, serialising); UTS 46 by libidn2
class Url {
public:
    static constexpr std::size_t max_length = 8192;

    /// Reads an absolute URL. Surrounding spaces and what is not UTF-8 are refused too.
    [[nodiscard]] static Expected<Url> parse(std::string_view text);

    /// Reads a reference (a Location header, say) relative to this URL. Other than `parse` it
    /// forgives what origins really send: surrounding spaces and control characters are stripped,
    /// and raw bytes that are not UTF-8 are percent-encoded one by one in path and query. The
    /// reference's fragment is kept, this URL's is not.
    [[nodiscard]] Expected<Url> resolve(std::string_view reference) const;

    /// The whole canonical URL; the fragment is kept for showing.
    [[nodiscard]] const std::string& href() const& noexcept { return url_.href; }
    [[nodiscard]] std::string href() && noexcept { return std::move(url_.href); }
    [[nodiscard]] bool https() const noexcept { return url_.layout.https; }
    [[nodiscard]] std::string_view scheme() const noexcept { return https() ? "https" : "http"; }

    /// "example.com", "192.0.2.1" or "[2001:db8::1]".
    [[nodiscard]] std::string_view host() const noexcept;
    /// Whether the host is an address rather than a name to look up.
    [[nodiscard]] bool host_is_address() const noexcept;
    /// The port that is dialled, given or by default.
    [[nodiscard]] std::uint16_t port() const noexcept { return url_.layout.port; }
    [[nodiscard]] bool default_port() const noexcept { return port() == (https() ? 443 : 80); }
    /// Host and port, "example.com:443": the name of a Host (see fetch/host.hpp).
    [[nodiscard]] std::string host_key() const;
    /// The Host header: the port only when it is not the default.
    [[nodiscard]] std::string_view host_header() const noexcept;
    /// Path and query, never empty: what stands in the request line.
    [[nodiscard]] std::string_view target() const noexcept;
    /// Whether both have the same scheme, host and port.
    [[nodiscard]] bool same_origin(const Url& other) const noexcept;

    friend bool operator==(const Url& a, const Url& b) noexcept { return a.href() == b.href(); }

private:
    explicit Url(CanonicalUrl url) noexcept : url_{std::move(url)} {}
    [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const noexcept;

    CanonicalUrl url_;
};

}  // namespace fanfetch
