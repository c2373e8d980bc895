#include "http/header_block.hpp"

#include <algorithm>

namespace fanfetch {

std::optional<std::string_view> HeaderBlock::find(std::string_view name) const noexcept {
    for (const auto field : *this) {
        if (equal_ignoring_case(field.name, name)) {
            return field.value;
        }
    }
    return std::nullopt;
}

bool HeaderBlock::contains(std::string_view name) const noexcept {
    return find(name).has_value();
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
    const auto at = static_cast<std::uint32_t>(text_.size());
    const auto name_size = static_cast<std::uint32_t>(name.size());
    const auto value_size = static_cast<std::uint32_t>(value.size());
    text_.append(name).append(value);
    slices_.push_back({at, name_size, at + name_size, value_size});
}

void HeaderBlock::assign(std::string_view text, std::span<const FieldSlice> slices) {
    text_.assign(text);
    slices_.assign(slices.begin(), slices.end());
}

void HeaderBlock::unfold() {
    for (const auto& slice : slices_) {
        const auto first = text_.begin() + slice.value_at;
        const auto is_break = [](char c) { return c == '\r' || c == '\n'; };
        std::replace_if(first, first + slice.value_size, is_break, ' ');
    }
}

void HeaderBlock::clear() noexcept {
    text_.clear();
    slices_.clear();
}

}  // namespace fanfetch
