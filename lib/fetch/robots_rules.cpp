#include "fetch/robots_rules.hpp"

#include "url/ascii.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::int64_t most_steps = 1'000'000;

constexpr bool unreserved(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// What may stand in a path as it is; `*` and `$`, which have a meaning here, may not.
constexpr bool plain(char c) noexcept {
    return unreserved(c) || std::string_view{"!&'()+,;=:@/?#[]%"}.find(c) != std::string_view::npos;
}

void append_triplet(std::string& out, unsigned octet) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out += '%';
    out += digits[octet >> 4U];
    out += digits[octet & 0x0FU];
}

std::optional<unsigned> triplet_at(std::string_view text) noexcept {
    constexpr unsigned radix = 16;
    if (text.size() < 3 || text[0] != '%') {
        return std::nullopt;
    }
    const auto high = digit_value(text[1], radix);
    const auto low = digit_value(text[2], radix);
    return high && low ? std::optional{*high * radix + *low} : std::nullopt;
}

/// One octet or triplet at the front of `rest`, in the one spelling that is compared.
void take_normal(std::string& out, std::string_view& rest) {
    if (const auto octet = triplet_at(rest)) {
        if (*octet < 0x80 && unreserved(static_cast<char>(*octet))) {
            out += static_cast<char>(*octet);
        } else {
            append_triplet(out, *octet);
        }
        rest.remove_prefix(3);
        return;
    }
    if (plain(rest[0])) {
        out += rest[0];
    } else {
        append_triplet(out, static_cast<unsigned char>(rest[0]));
    }
    rest.remove_prefix(1);
}

std::string normal_target(std::string_view target) {
    std::string out;
    out.reserve(target.size());
    while (!target.empty()) {
        take_normal(out, target);
    }
    return out;
}

enum class matched : std::uint8_t { no, yes, too_long };

/// Walks along both; at a difference the newest `*` takes one octet more.
matched match(
    std::string_view pattern, bool to_the_end, std::string_view target, std::int64_t& steps
) {
    constexpr auto none = std::string_view::npos;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = none;
    std::size_t taken_to = 0;
    for (;;) {
        if (--steps < 0) {
            return matched::too_long;
        }
        if (p == pattern.size() && (!to_the_end || t == target.size())) {
            return matched::yes;
        }
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken_to = t;
        } else if (p < pattern.size() && t < target.size() && pattern[p] == target[t]) {
            ++p;
            ++t;
        } else if (star != none && taken_to < target.size()) {
            p = star + 1;
            t = ++taken_to;
        } else {
            return matched::no;
        }
    }
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\f\v";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

/// The line at the front of `rest`, which goes with its ending. A CR alone ends a line as well.
std::string_view take_line(std::string_view& rest) noexcept {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

}  // namespace

std::string_view product_token(std::string_view user_agent) noexcept {
    const auto end = std::ranges::find_if(user_agent, [](char c) {
        return !is_letter(c) && c != '-' && c != '_';
    });
    return user_agent.substr(0, static_cast<std::size_t>(end - user_agent.begin()));
}

/// Goes over the lines and keeps the rules of two kinds of groups: ours, and everybody's.
class RobotsRules::Parser {
public:
    explicit Parser(std::string_view product) noexcept : product_{product} {}

    void read(std::string_view text) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (text.starts_with(byte_order_mark)) {
            text.remove_prefix(byte_order_mark.size());
        }
        while (!text.empty()) {
            const auto line = take_line(text);
            read_line(trimmed(line.substr(0, line.find('#'))));
        }
    }

    [[nodiscard]] RobotsRules result() && {
        auto& chosen = ours_seen_ ? ours_ : everybodys_;
        std::ranges::sort(chosen.rules_, [](const Rule& a, const Rule& b) {
            return a.weight != b.weight ? a.weight > b.weight : a.allow && !b.allow;
        });
        chosen.rules_.shrink_to_fit();
        chosen.patterns_.shrink_to_fit();
        return std::move(chosen);
    }

private:
    void read_line(std::string_view line) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            return;
        }
        const auto key = trimmed(line.substr(0, colon));
        const auto value = trimmed(line.substr(colon + 1));
        if (same_word(key, "user-agent")) {
            read_agent(value);
        } else if (same_word(key, "allow") || same_word(key, "disallow")) {
            in_agents_ = false;
            read_rule(value, same_word(key, "allow"));
        }
    }

    /// Agents that follow each other begin one group; one that follows a rule begins the next.
    void read_agent(std::string_view value) {
        if (!std::exchange(in_agents_, true)) {
            for_us_ = for_everybody_ = false;
        }
        const bool everybody = value.starts_with('*');
        const bool us = !product_.empty() && same_word(product_token(value), product_);
        for_everybody_ = for_everybody_ || everybody;
        for_us_ = for_us_ || us;
        ours_seen_ = ours_seen_ || us;
    }

    void read_rule(std::string_view pattern, bool allow) {
        if (!pattern.starts_with('/') && !pattern.starts_with('*')) {
            return;  // an empty one allows everything, and nothing else is a path
        }
        if (for_us_) {
            add(ours_, pattern, allow);
        }
        if (for_everybody_ && !ours_seen_) {
            add(everybodys_, pattern, allow);
        }
    }

    static void add(RobotsRules& to, std::string_view pattern, bool allow) {
        Rule rule;
        rule.allow = allow;
        rule.at = static_cast<std::uint32_t>(to.patterns_.size());
        auto& out = to.patterns_;
        while (!pattern.empty() && pattern != "$") {
            if (pattern.front() != '*') {
                take_normal(out, pattern);
                continue;
            }
            pattern.remove_prefix(1);
            ++rule.weight;
            if (out.size() == rule.at || out.back() != '*') {
                out += '*';
                --rule.weight;  // counted below
            }
        }
        rule.to_the_end = !pattern.empty();
        rule.size = static_cast<std::uint32_t>(out.size()) - rule.at;
        rule.weight += rule.size + (rule.to_the_end ? 1 : 0);
        to.rules_.push_back(rule);
    }

    std::string_view product_;
    RobotsRules ours_;
    RobotsRules everybodys_;
    bool in_agents_ = false;
    bool for_us_ = false;
    bool for_everybody_ = false;
    bool ours_seen_ = false;
};

RobotsRules RobotsRules::parse(std::string_view text, std::string_view product) {
    Parser parser{product};
    parser.read(text.substr(0, longest_text));
    return std::move(parser).result();
}

RobotsRules RobotsRules::disallow_all(std::string why) {
    RobotsRules rules;
    rules.nothing_ = true;
    rules.why_ = std::move(why);
    return rules;
}

bool RobotsRules::allows(std::string_view target) const {
    if (target == "/robots.txt") {
        return true;
    }
    if (nothing_ || rules_.empty()) {
        return !nothing_;
    }
    const auto normal = normal_target(target);
    auto steps = most_steps;
    for (const auto& rule : rules_) {
        const auto pattern = std::string_view{patterns_}.substr(rule.at, rule.size);
        switch (match(pattern, rule.to_the_end, normal, steps)) {
            case matched::yes:
                return rule.allow;
            case matched::too_long:
                return false;
            case matched::no:
                break;
        }
    }
    return true;
}

std::size_t RobotsRules::bytes() const noexcept {
    return sizeof(*this) + patterns_.capacity() + rules_.capacity() * sizeof(Rule) +
           why_.capacity();
}

}  // namespace fanfetch
