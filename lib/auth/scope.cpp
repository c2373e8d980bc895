#include "auth/scope.hpp"

#include <algorithm>

namespace fanfetch {

std::string_view to_string(scope one) noexcept {
    return scope_words[static_cast<std::size_t>(one)];
}

std::optional<scope> parse_scope(std::string_view word) noexcept {
    const auto* const found = std::ranges::find(scope_words, word);
    if (found == scope_words.end()) {
        return std::nullopt;
    }
    return static_cast<scope>(found - scope_words.begin());
}

std::string to_string(ScopeSet scopes) {
    std::string text;
    for (std::size_t index = 0; index < scope_words.size(); ++index) {
        if (scopes.has(static_cast<scope>(index))) {
            text += text.empty() ? "" : ",";
            text += scope_words[index];
        }
    }
    return text;
}

}  // namespace fanfetch
