#pragma once

#include "future/errors.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace fanfetch {

/// Bytes that are not what they were taken for.
class DecodeError : public Error {
public:
    using Error::Error;
};

/// Takes values off the front of foreign bytes and never reads past their end.
///
/// Errors   DecodeError where there is less than was asked for
/// Threads  one owner at a time; the bytes must outlive it
class ByteSource {
public:
    explicit ByteSource(std::string_view bytes) noexcept : rest_{bytes} {}

    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

    /// Throws unless `count` more units of `unit` bytes are there.
    void expect(std::size_t count, std::size_t unit = 1) const {
        if (count > rest_.size() / unit) {
            throw DecodeError{
                "bytes end early: " + std::to_string(count) + " x " + std::to_string(unit) +
                " wanted, " + std::to_string(rest_.size()) + " left"};
        }
    }

    std::string_view take(std::size_t count, std::size_t unit = 1) {
        expect(count, unit);
        const auto taken = rest_.substr(0, count * unit);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// A number, or an enumerator, as the machine stores it.
    template <class T>
    T number() {
        static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
        T value{};
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

    /// The size of a string or a list.
    std::size_t size() { return number<std::uint32_t>(); }

    void expect_end() const {
        if (!rest_.empty()) {
            throw DecodeError{std::to_string(rest_.size()) + " bytes too many"};
        }
    }

private:
    std::string_view rest_;
};

namespace detail {

template <class T>
void append_number(std::string& out, T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
}

inline void append_size(std::string& out, std::size_t size) {
    if (size > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error{"a value of " + std::to_string(size) + " elements for a process"};
    }
    append_number(out, static_cast<std::uint32_t>(size));
}

/// Fills in a number for which room was left.
template <class T>
void patch_number(std::string& out, std::size_t at, T value) {
    std::memcpy(out.data() + at, &value, sizeof(T));
}

}  // namespace detail
}  // namespace fanfetch
