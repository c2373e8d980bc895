#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The token under which a robots.txt speaks of us: the letters, `-` and `_` that a User-Agent
/// field begins with. Empty when it begins with something else; then only `*` means us.
///
/// Source  RFC 9309 §2.2.1
[[nodiscard]] std::string_view product_token(std::string_view user_agent) noexcept;

/// What one robots.txt says about one crawler.
///
/// Of the groups whose user-agent is `product` (in any case) all rules hold together; without one,
/// those of `*`; without that, everything is allowed. The longest pattern that matches decides, an
/// allow before a disallow of the same length. `*` stands for any octets, a `$` at the end for the
/// end. Before they are compared, both sides have their triplets in capitals, what needs no
/// encoding decoded, and what is not ASCII encoded. Lines that are no rules (Sitemap, Crawl-delay)
/// change nothing, and end no group.
///
/// Text beyond `longest_text` is not read. Comparing is bounded too: a URL that would take more
/// than a million steps, which takes a robots.txt made for that, is not allowed.
///
/// Units    bytes
/// Threads  immutable
/// Source   RFC 9309 §2.2, §2.5
class RobotsRules {
public:
    static constexpr std::size_t longest_text = 500U << 10U;

    [[nodiscard]] static RobotsRules parse(std::string_view text, std::string_view product);
    [[nodiscard]] static RobotsRules allow_all() { return {}; }
    /// There is no robots.txt to be had, for this reason.
    [[nodiscard]] static RobotsRules disallow_all(std::string why);

    /// Whether a path with its query, as it stands in the request line, may be fetched. The
    /// robots.txt itself always may.
    [[nodiscard]] bool allows(std::string_view target) const;

    /// Why nothing is allowed; empty when the text itself says so.
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    /// The memory it takes, about.
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct Rule {
        std::uint32_t at = 0;      ///< where its pattern stands in `patterns_`
        std::uint32_t size = 0;    ///< of the pattern without its `$`
        std::uint32_t weight = 0;  ///< the octets of the pattern as it was written
        bool allow = false;
        bool to_the_end = false;  ///< it had a `$`
    };
    class Parser;

    std::string patterns_;
    std::vector<Rule> rules_;  // the one that decides first comes first
    std::string why_;
    bool nothing_ = false;
};

}  // namespace fanfetch
