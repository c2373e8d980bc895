#include "http/server_negotiation.hpp"

#include "http/field_syntax.hpp"

namespace fanfetch {
namespace {

/// Weights are compared as thousandths; one that cannot be read counts as full, like none at all.
constexpr int full_weight = 1000;

/// One element of the list: a range or coding and what it weighs.
struct Preference {
    std::string_view name;
    int weight = full_weight;
};

int parse_weight(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5 ||
        (text.size() > 1 && text[1] != '.')) {
        return full_weight;
    }
    int weight = (text[0] - '0') * full_weight;
    int unit = full_weight;
    for (const char digit : text.substr(text.size() > 1 ? 2 : 1)) {
        if (digit < '0' || digit > '9') {
            return full_weight;
        }
        unit /= 10;
        weight += (digit - '0') * unit;
    }
    return weight < full_weight ? weight : full_weight;
}

Preference parse_preference(std::string_view element) {
    auto rest = element;
    const auto next_part = [&rest] {
        const auto end = rest.find(';');
        const auto part = trim_ows(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        return part;
    };
    Preference preference{.name = next_part()};
    while (!rest.empty()) {
        const auto parameter = next_part();
        if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
            preference.weight = parse_weight(parameter.substr(2));
        }
    }
    return preference;
}

/// How closely a media range fits a type: 0 not at all, 3 exactly.
int closeness(std::string_view range, std::string_view type) {
    if (range == "*/*" || range == "*") {
        return 1;
    }
    if (range.ends_with("/*")) {
        const auto main = type.substr(0, type.find('/') + 1);
        return equal_ignoring_case(range.substr(0, range.size() - 1), main) ? 2 : 0;
    }
    return equal_ignoring_case(range, type) ? 3 : 0;
}

/// What `type` weighs: the closest range decides.
int weight_of(std::string_view accept, std::string_view type) {
    int best = 0;
    int weight = 0;
    for_each_element(accept, [&](std::string_view element) {
        const auto preference = parse_preference(element);
        const int close = closeness(preference.name, type);
        if (close > best) {
            best = close;
            weight = preference.weight;
        }
    });
    return weight;
}

}  // namespace

std::optional<std::string_view> choose_media_type(
    std::string_view accept, std::initializer_list<std::string_view> offers
) {
    if (trim_ows(accept).empty()) {
        return *offers.begin();
    }
    std::optional<std::string_view> chosen;
    int most = 0;
    for (const auto offer : offers) {
        const int weight = weight_of(accept, offer);
        if (weight > most) {
            most = weight;
            chosen = offer;
        }
    }
    return chosen;
}

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
    std::optional<int> by_name;
    std::optional<int> by_star;
    for_each_element(accept_encoding, [&](std::string_view element) {
        const auto preference = parse_preference(element);
        if (equal_ignoring_case(preference.name, coding)) {
            by_name = preference.weight;
        } else if (preference.name == "*") {
            by_star = preference.weight;
        }
    });
    return by_name.value_or(by_star.value_or(0)) > 0;
}

}  // namespace fanfetch
