#pragma once

#include "http/field_syntax.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// One header field, seen in place.
struct FieldView {
    std::string_view name;
    std::string_view value;  ///< without the white space around it

    friend bool operator==(const FieldView&, const FieldView&) = default;
};

/// Where one field stands in the text of its block.
struct FieldSlice {
    std::uint32_t name_at = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_at = 0;
    std::uint32_t value_size = 0;
};

/// The fields of one message in the order they came, repeated names included.
///
/// One string holds all the text and the fields are places in it, so that reading a header costs
/// one copy and, in a block that is used again, no allocation. Names are found by walking: that
/// beats an index for the dozen fields of a usual response, and the parser bounds their number.
///
/// Threads  one owner at a time; views live until the block is changed or moved
class HeaderBlock {
public:
    class Iterator {
    public:
        using value_type = FieldView;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(const HeaderBlock* block, std::size_t index) noexcept
            : block_{block}, index_{index} {}

        FieldView operator*() const noexcept { return (*block_)[index_]; }
        Iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        Iterator operator++(int) noexcept { return {block_, index_++}; }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const HeaderBlock* block_ = nullptr;
        std::size_t index_ = 0;
    };

    [[nodiscard]] std::size_t size() const noexcept { return slices_.size(); }
    [[nodiscard]] bool empty() const noexcept { return slices_.empty(); }
    [[nodiscard]] FieldView operator[](std::size_t index) const noexcept;
    [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
    [[nodiscard]] Iterator end() const noexcept { return {this, slices_.size()}; }

    /// The value of the first field of this name, in any case.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// Whether there is a field of this name, in any case.
    [[nodiscard]] bool contains(std::string_view name) const noexcept;

    /// Calls `visit` with the value of each field of this name, in order.
    template <class Visit>
    void for_each(std::string_view name, Visit visit) const;

    /// Appends a field. For blocks that do not come from bytes on the wire.
    void add(std::string_view name, std::string_view value);

    /// Takes over a parsed text: copies it, and its fields are `slices` of it.
    void assign(std::string_view text, std::span<const FieldSlice> slices);

    /// Replaces the line breaks inside folded values by spaces.
    ///
    /// Source  RFC 9112 §5.2
    void unfold();

    /// Forgets the fields and keeps the memory.
    void clear() noexcept;

private:
    std::string text_;
    std::vector<FieldSlice> slices_;
};

[[nodiscard]] inline FieldView HeaderBlock::operator[](std::size_t index) const noexcept {
    const auto& slice = slices_[index];
    return {
        {text_.data() + slice.name_at, slice.name_size},
        {text_.data() + slice.value_at, slice.value_size}};
}

template <class Visit>
void HeaderBlock::for_each(std::string_view name, Visit visit) const {
    for (const auto field : *this) {
        if (equal_ignoring_case(field.name, name)) {
            visit(field.value);
        }
    }
}

}  // namespace fanfetch
