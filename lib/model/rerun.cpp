#include "model/rerun.hpp"

#include "model/code_pattern.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::size_t most_states = 4;
constexpr std::size_t most_codes = 100;
constexpr std::size_t longest_code = 128;
constexpr std::size_t most_indexes = 100'000;

Fault read_state(const JsonMember& member, RerunSelection& selection) {
    static constexpr std::array words{
        JsonWord{"succeeded", item_state::succeeded}, JsonWord{"failed", item_state::failed},
        JsonWord{"skipped", item_state::skipped}, JsonWord{"cancelled", item_state::cancelled}};
    auto state = item_state::failed;
    auto fault = read_word(member, words, state);
    selection.states.push_back(state);
    return fault;
}

Fault read_states(const JsonMember& member, RerunSelection& selection, const int&) {
    return read_list(member, most_states, [&selection](const JsonMember& element) {
        return read_state(element, selection);
    });
}

/// Whether an item may end with a code like this: one there is, or a pattern of its characters.
bool could_be_a_code(std::string_view pattern) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_.*";
    constexpr std::string_view status = "http.status_";
    if (pattern.find_first_not_of(letters) != std::string_view::npos) {
        return false;
    }
    if (pattern.find('*') != std::string_view::npos) {
        return true;
    }
    const bool has_status =
        pattern.starts_with(status) && pattern.size() == status.size() + 3 &&
        pattern.find_first_not_of("0123456789", status.size()) == std::string_view::npos;
    return has_status || parse_failure_code(pattern).has_value();
}

Fault read_codes(const JsonMember& member, RerunSelection& selection, const int&) {
    return read_list(member, most_codes, [&selection](const JsonMember& element) {
        auto& code = selection.codes.emplace_back();
        auto fault = read_text(element, longest_code, code);
        if (!fault && !could_be_a_code(code)) {
            fault = element.refused(
                "expected an error code or a pattern such as http.* or *.timeout, found " + code
            );
        }
        return fault;
    });
}

Fault read_indexes(const JsonMember& member, RerunSelection& selection, const int&) {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
    auto fault = read_list(member, most_indexes, [&selection](const JsonMember& element) {
        return read_integer(element, 0, largest, selection.indexes.emplace_back());
    });
    std::ranges::sort(selection.indexes);
    const auto twice = std::ranges::unique(selection.indexes);
    selection.indexes.erase(twice.begin(), twice.end());
    return fault;
}

constexpr std::array rows{
    MemberRow<RerunSelection, int>{"state", read_states},
    MemberRow<RerunSelection, int>{"code", read_codes},
    MemberRow<RerunSelection, int>{"index", read_indexes},
};

bool never_fetched(const ItemResult& result) noexcept {
    return result.attempts_made == 0 &&
           (result.code == failure_code::url_invalid || result.code == failure_code::url_scheme ||
            result.code == failure_code::request_invalid);
}

}  // namespace

bool selects(const RerunSelection& selection, const ItemResult& result) {
    const auto& [states, codes, indexes] = selection;
    if (never_fetched(result) ||
        (!states.empty() && std::ranges::count(states, result.state) == 0) ||
        (!indexes.empty() && !std::ranges::binary_search(indexes, result.index))) {
        return false;
    }
    if (codes.empty()) {
        return true;
    }
    const auto code = dotted(result.code, result.status);
    return result.code != failure_code::none &&
           std::ranges::any_of(codes, [&code](const std::string& pattern) {
               return matches_pattern(pattern, code);
           });
}

Fault read_rerun(const JsonMember& member, RerunSelection& selection) {
    auto fault = read_members<RerunSelection, int>(member, rows, selection, 0);
    if (fault) {
        return fault;
    }
    // An empty list selects nothing by its words; asking for nothing is a mistake to be told.
    const auto& object = member.value().get_object();
    fault = read_entries(member, object, [](const JsonMember& child, std::string_view) {
        const auto* const list = child.value().if_array();
        return list != nullptr && list->empty() ? Fault{child.refused("the list is empty")}
                                                : Fault{};
    });
    if (fault) {
        return fault;
    }
    if (selection == RerunSelection{}) {
        selection.states = {item_state::failed};
    }
    return std::nullopt;
}

std::string to_json(const RerunSelection& selection) {
    json::array states;
    for (const auto state : selection.states) {
        states.push_back(static_cast<std::uint8_t>(state));
    }
    json::array codes;
    for (const auto& code : selection.codes) {
        codes.push_back(json::value(code));
    }
    const json::array indexes(selection.indexes.begin(), selection.indexes.end());
    return json::serialize(json::object{
        {"states", std::move(states)}, {"codes", std::move(codes)}, {"indexes", indexes}});
}

Expected<RerunSelection> rerun_from_json(std::string_view text) try {
    const auto document = json::parse(json::string_view{text.data(), text.size()});
    RerunSelection selection;
    for (const auto& state : document.at("states").as_array()) {
        selection.states.push_back(static_cast<item_state>(state.to_number<std::uint8_t>()));
    }
    for (const auto& code : document.at("codes").as_array()) {
        selection.codes.emplace_back(code.as_string());
    }
    for (const auto& index : document.at("indexes").as_array()) {
        selection.indexes.push_back(index.to_number<std::uint64_t>());
    }
    return selection;
} catch (const std::exception&) {
    return failed(failure_code::internal, "reading what is run again: the row is damaged");
}

}  // namespace fanfetch
