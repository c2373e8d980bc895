#include "extract/encoding.hpp"
#include "url/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

// How the encoding of a document is found out.

namespace fanfetch {
namespace {

constexpr std::size_t looked_at = 1024;

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_space(char c) noexcept {
    return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

struct Attribute {
    std::string_view name;
    std::string_view value;
};

/// Walks over the tags at the front of a document.
class Prescan {
public:
    explicit Prescan(std::string_view bytes) noexcept : rest_{bytes.substr(0, looked_at)} {}

    const Encoding* run() noexcept {
        for (auto open = rest_.find('<'); open != std::string_view::npos; open = rest_.find('<')) {
            rest_.remove_prefix(open);
            if (rest_.starts_with("<!--")) {
                const auto end = rest_.find("-->", 2);
                skip(end == std::string_view::npos ? end : end + 3);
            } else if (at_meta()) {
                skip(5);
                if (const auto* found = read_meta()) {
                    return found;
                }
            } else if (at_tag()) {
                skip_while([](char c) { return !is_space(c) && c != '>'; });
                while (next_attribute()) {
                }
            } else if (rest_.size() > 1 && (rest_[1] == '!' || rest_[1] == '/' || rest_[1] == '?')) {
                skip(rest_.find('>'));
            } else {
                skip(1);
            }
        }
        return nullptr;
    }

private:
    [[nodiscard]] bool at_meta() const noexcept {
        return rest_.size() > 5 && equal_ignoring_case(rest_.substr(0, 5), "<meta") &&
               (is_space(rest_[5]) || rest_[5] == '/');
    }
    [[nodiscard]] bool at_tag() const noexcept {
        const std::size_t letter = rest_.starts_with("</") ? 2 : 1;
        return rest_.size() > letter && lower(rest_[letter]) >= 'a' && lower(rest_[letter]) <= 'z';
    }
    void skip(std::size_t count) noexcept { rest_.remove_prefix(std::min(count, rest_.size())); }
    template <class Predicate>
    std::string_view skip_while(Predicate predicate) noexcept {
        const auto end = std::ranges::find_if_not(rest_, predicate);
        const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        skip(taken.size());
        return taken;
    }

    /// None at the end of the tag, which is not passed over.
    std::optional<Attribute> next_attribute() noexcept {
        skip_while([](char c) { return is_space(c) || c == '/'; });
        if (rest_.empty() || rest_.front() == '>') {
            return std::nullopt;
        }
        Attribute found;
        const bool odd = rest_.front() == '=';  // a name may begin with one
        const auto all = rest_;
        skip(odd ? 1 : 0);
        skip_while([](char c) { return !is_space(c) && c != '=' && c != '/' && c != '>'; });
        found.name = all.substr(0, all.size() - rest_.size());
        skip_while(is_space);
        if (!rest_.starts_with('=')) {
            return found;
        }
        skip(1);
        skip_while(is_space);
        if (!rest_.empty() && (rest_.front() == '"' || rest_.front() == '\'')) {
            const char quote = rest_.front();
            skip(1);
            found.value = skip_while([quote](char c) { return c != quote; });
            skip(1);
            return found;
        }
        found.value = skip_while([](char c) { return !is_space(c) && c != '>'; });
        return found;
    }

    const Encoding* read_meta() noexcept {
        bool pragma = false;
        const Encoding* from_charset = nullptr;
        const Encoding* from_content = nullptr;
        while (const auto attribute = next_attribute()) {
            if (equal_ignoring_case(attribute->name, "http-equiv")) {
                pragma = equal_ignoring_case(attribute->value, "content-type");
            } else if (equal_ignoring_case(attribute->name, "charset")) {
                from_charset = find_encoding(attribute->value);
            } else if (equal_ignoring_case(attribute->name, "content")) {
                from_content = of_content_type(attribute->value);
            }
        }
        const auto* found = from_charset != nullptr ? from_charset
                            : pragma                ? from_content
                                                    : nullptr;
        if (found != nullptr && found->name.starts_with("UTF-16")) {
            return find_encoding("utf-8");  // it could not have been read as ASCII otherwise
        }
        return found;
    }

public:
    /// What follows "charset=" in a media type.
    static const Encoding* of_content_type(std::string_view type) noexcept {
        constexpr std::string_view word = "charset";
        for (std::size_t i = 0; i + word.size() <= type.size(); ++i) {
            if (!equal_ignoring_case(type.substr(i, word.size()), word)) {
                continue;
            }
            auto rest = type.substr(i + word.size());
            while (!rest.empty() && is_space(rest.front())) {
                rest.remove_prefix(1);
            }
            if (!rest.starts_with('=')) {
                continue;
            }
            rest.remove_prefix(1);
            while (!rest.empty() && is_space(rest.front())) {
                rest.remove_prefix(1);
            }
            if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
                const auto end = rest.find(rest.front(), 1);
                return end == std::string_view::npos ? nullptr
                                                     : find_encoding(rest.substr(1, end - 1));
            }
            return find_encoding(rest.substr(0, rest.find_first_of("; \t\n\f\r")));
        }
        return nullptr;
    }

private:
    std::string_view rest_;
};

}  // namespace

const Encoding* declared_encoding(std::string_view document) noexcept {
    return Prescan{document}.run();
}

const Encoding& sniff_encoding(std::string_view document, std::string_view content_type) noexcept {
    if (document.starts_with("\xEF\xBB\xBF")) {
        return *find_encoding("utf-8");
    }
    if (document.starts_with("\xFE\xFF")) {
        return *find_encoding("utf-16be");
    }
    if (document.starts_with("\xFF\xFE")) {
        return *find_encoding("utf-16le");
    }
    if (const auto* found = Prescan::of_content_type(content_type)) {
        return *found;
    }
    if (const auto* found = declared_encoding(document)) {
        return *found;
    }
    return *find_encoding(is_utf8(document) ? "utf-8" : "windows-1252");
}

}  // namespace fanfetch
