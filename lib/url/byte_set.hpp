#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace fanfetch {

/// A set of bytes that is asked in one load.
class ByteSet {
public:
    constexpr explicit ByteSet(std::string_view members) noexcept { insert(members); }

    [[nodiscard]] constexpr bool contains(char byte) const noexcept {
        return member_[static_cast<unsigned char>(byte)];
    }

    /// This set and `more`.
    [[nodiscard]] constexpr ByteSet with(std::string_view more) const noexcept {
        ByteSet wider = *this;
        wider.insert(more);
        return wider;
    }

    /// This set and every byte from `first` to `last`, both included.
    [[nodiscard]] constexpr ByteSet with_range(unsigned first, unsigned last) const noexcept {
        ByteSet wider = *this;
        for (std::size_t byte = first; byte <= last; ++byte) {
            wider.member_[byte] = true;
        }
        return wider;
    }

    /// The index of the first member at or after `from`, or the size of `text`.
    [[nodiscard]] constexpr std::size_t find_in(std::string_view text, std::size_t from = 0)
        const noexcept {
        while (from < text.size() && !contains(text[from])) {
            ++from;
        }
        return from;
    }

private:
    constexpr void insert(std::string_view members) noexcept {
        for (const char byte : members) {
            member_[static_cast<unsigned char>(byte)] = true;
        }
    }

    std::array<bool, 256> member_{};
};

/// Bytes below the space, and DEL: what is refused wherever it stands.
inline constexpr ByteSet control_bytes = ByteSet{"\x7f"}.with_range(0x00, 0x1f);

/// What a letter, a digit or another harmless byte is not. The sets are cumulative, as in the
/// standard.
///
/// Source  https://url.spec.whatwg.org/#percent-encoded-bytes
inline constexpr ByteSet fragment_percent_encode_set =
    ByteSet{" \"<>`"}.with_range(0x00, 0x1f).with_range(0x7f, 0xff);
inline constexpr ByteSet query_percent_encode_set =  // "special-query": http and https are special
    ByteSet{" \"#<>'"}.with_range(0x00, 0x1f).with_range(0x7f, 0xff);
inline constexpr ByteSet path_percent_encode_set =
    ByteSet{" \"#<>?^`{}"}.with_range(0x00, 0x1f).with_range(0x7f, 0xff);

/// What no host name contains once it is decoded.
///
/// Source  https://url.spec.whatwg.org/#forbidden-domain-code-point
inline constexpr ByteSet forbidden_domain_bytes = control_bytes.with(" #/:<>?@[\\]^|%");

}  // namespace fanfetch
