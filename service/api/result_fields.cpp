#include "api/result_fields.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <string>

namespace fanfetch {
namespace {

constexpr std::size_t place(result_member member) noexcept {
    return static_cast<std::size_t>(member);
}

Failure unknown(std::string_view parameter, std::string_view name) {
    constexpr std::size_t longest_quote = 64;
    return failed(
        failure_code::api_bad_parameter, "reading " + std::string{parameter} + ": there is no \"" +
                                             std::string{cut_utf8(name, longest_quote)} + "\""
    );
}

/// Calls `take` for each name between commas.
template <class Take>
Expected<void> each_name(std::string_view names, Take take) {
    for (;;) {
        const auto comma = names.find(',');
        if (auto taken = take(names.substr(0, comma)); !taken) {
            return taken;
        }
        if (comma == std::string_view::npos) {
            return {};
        }
        names.remove_prefix(comma + 1);
    }
}

}  // namespace

ResultFields ResultFields::of_single() {
    ResultFields fields;
    fields.members_.set();
    fields.members_.reset(place(result_member::body));
    return fields;
}

ResultFields ResultFields::of_list() {
    auto fields = of_single();
    fields.members_.reset(place(result_member::headers));
    fields.members_.reset(place(result_member::attempts));
    return fields;
}

Expected<void> ResultFields::keep(std::string_view names) {
    members_.reset();
    members_.set(place(result_member::index));
    return each_name(names, [this](std::string_view name) -> Expected<void> {
        const auto* const found = std::ranges::find(result_member_names, name);
        if (found == result_member_names.end()) {
            return unknown("fields", name);
        }
        members_.set(static_cast<std::size_t>(found - result_member_names.begin()));
        return {};
    });
}

Expected<void> ResultFields::include(std::string_view names) {
    return each_name(names, [this](std::string_view name) -> Expected<void> {
        for (const auto member :
             {result_member::headers, result_member::attempts, result_member::body}) {
            if (name == result_member_names[place(member)]) {
                members_.set(place(member));
                return {};
            }
        }
        return unknown("include", name);
    });
}

}  // namespace fanfetch
