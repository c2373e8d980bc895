#include "client/api_answer.hpp"

#include "base/json_text.hpp"

#include <boost/json.hpp>

namespace fanfetch {
namespace {

namespace json = boost::json;

/// The problem document, or null.
json::value problem_of(const ApiAnswer& answer) {
    if (!answer.content_type.starts_with("application/problem+json")) {
        return nullptr;
    }
    json::error_code error;
    auto document = json::parse(answer.body, error);
    return error || !document.is_object() ? json::value{} : document;
}

std::string_view text_member(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    const auto* const text = member == nullptr ? nullptr : member->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

void append_errors(std::string& out, const json::object& problem) {
    const auto* const errors = problem.if_contains("errors");
    if (errors == nullptr || !errors->is_array()) {
        return;
    }
    for (const auto& error : errors->get_array()) {
        if (const auto* const member = error.if_object()) {
            out += "  " + terminal_text(text_member(*member, "pointer")) + ": " +
                   terminal_text(text_member(*member, "detail")) + '\n';
        }
    }
}

}  // namespace

bool ApiAnswer::passing() const noexcept {
    constexpr std::uint16_t too_many = 429;
    return status == too_many || (status >= 502 && status <= 504);
}

std::string refusal_text(std::string_view doing, const ApiAnswer& answer) {
    std::string text{"error: "};
    text += doing;
    text += ": ";
    const auto document = problem_of(answer);
    const auto* const problem = document.if_object();
    if (problem == nullptr) {
        return text + "the server answered " + std::to_string(answer.status) + '\n';
    }
    text += terminal_text(text_member(*problem, "detail")) + " (" + std::to_string(answer.status) +
            ' ' + terminal_text(text_member(*problem, "code")) + ")\n";
    append_errors(text, *problem);
    return text;
}

std::string refusal_json(const ApiAnswer& answer) {
    auto document = problem_of(answer);
    if (document.is_null()) {
        document = {
            {"title", "The server answered without a problem document"}, {"status", answer.status}};
    }
    return json::serialize(document) + '\n';
}

std::string terminal_text(std::string_view text) {
    constexpr std::size_t longest = 2000;
    std::string quoted;
    append_json_string(quoted, cut_utf8(text, longest));
    std::string line;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        // There are no quotation marks around it, so those within need no escape.
        const bool escape = quoted[i] == '\\' && (quoted[i + 1] == '"' || quoted[i + 1] == '\\');
        line += quoted[i + (escape ? 1 : 0)];
        i += escape ? 1 : 0;
    }
    return line;
}

}  // namespace fanfetch
