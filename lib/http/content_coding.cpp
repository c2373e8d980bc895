#include "http/content_coding.hpp"

#include "http/field_syntax.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::array<std::pair<std::string_view, content_coding>, 5> known_codings{{
    {"gzip", content_coding::gzip},
    {"x-gzip", content_coding::gzip},
    {"deflate", content_coding::deflate},
    {"br", content_coding::brotli},
    {"zstd", content_coding::zstd},
}};

std::optional<content_coding> find_coding(std::string_view name) {
    for (const auto& [spelling, coding] : known_codings) {
        if (equal_ignoring_case(name, spelling)) {
            return coding;
        }
    }
    return std::nullopt;
}

bool means_nothing(std::string_view element) {
    return element.empty() || equal_ignoring_case(element, "identity");
}

}  // namespace

std::string_view accept_encoding() noexcept {
    return "gzip, deflate, br, zstd";
}

Expected<std::vector<content_coding>> parse_content_encoding(const HeaderBlock& fields) {
    std::vector<content_coding> codings;
    std::optional<Failure> failure;
    const auto note = [&](std::string_view element) {
        if (failure || means_nothing(element)) {
            return;
        }
        const auto coding = find_coding(element);
        if (!coding || codings.size() == max_content_codings) {
            failure = failed(
                failure_code::decode_failed,
                std::string{"reading Content-Encoding: "} +
                    (coding ? "more than two codings, the third is " : "unknown coding ") +
                    quoted_excerpt(element)
            );
            return;
        }
        codings.push_back(*coding);
    };
    fields.for_each("Content-Encoding", [&](std::string_view value) {
        for_each_element(value, note);
    });
    if (failure) {
        return *std::move(failure);
    }
    return codings;
}

}  // namespace fanfetch
