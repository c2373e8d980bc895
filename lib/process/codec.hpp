#pragma once

#include "process/byte_source.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace fanfetch {

/// How a `T` travels between processes: `encode(std::string& out, const T&)` appends it, and
/// `T decode(ByteSource&)` takes it off the front again.
///
/// There are codecs for numbers, bool, scoped enums, durations, strings, vectors, pairs, tuples and
/// optionals of such; an aggregate gets one from the list of its members:
///
///     template <>
///     struct Codec<Point> : MemberCodec<&Point::x, &Point::y> {};
///
/// Both sides are the same program on the same machine, so numbers keep its byte order. A codec of
/// one's own appends at least one byte for every value, or a list of them could not be bounded.
///
/// Errors   decode throws DecodeError for bytes that are no T, before it allocates more than they
///          could fill; encode throws std::length_error for 4 GiB and more in one value
/// Threads  stateless
template <class T>
struct Codec;

namespace detail {

template <class T>
concept FixedSize = (std::is_arithmetic_v<T> && !std::same_as<T, bool>) ||
                    (std::is_enum_v<T> && !std::is_convertible_v<T, std::underlying_type_t<T>>);

template <class Container>
void append_raw(std::string& out, const Container& values) {
    append_size(out, values.size());
    const void* const start = values.data();
    out.append(static_cast<const char*>(start), values.size() * sizeof(*values.data()));
}

}  // namespace detail

/// Numbers, and enums as theirs: whether a number is one of the enumerators is for the receiver.
template <class T>
    requires detail::FixedSize<T>
struct Codec<T> {
    static void encode(std::string& out, const T& value) { detail::append_number(out, value); }
    static T decode(ByteSource& in) { return in.number<T>(); }
};

template <>
struct Codec<bool> {
    static void encode(std::string& out, bool value) { out += value ? '\1' : '\0'; }
    static bool decode(ByteSource& in) {
        const auto byte = in.number<unsigned char>();
        if (byte > 1) {
            throw DecodeError{"a bool that is neither true nor false"};
        }
        return byte == 1;
    }
};

template <>
struct Codec<std::monostate> {
    static void encode(std::string& out, std::monostate) { out += '\0'; }
    static std::monostate decode(ByteSource& in) {
        if (in.number<unsigned char>() != 0) {
            throw DecodeError{"a unit that is not zero"};
        }
        return {};
    }
};

template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
    using Duration = std::chrono::duration<Rep, Period>;
    static void encode(std::string& out, Duration value) { Codec<Rep>::encode(out, value.count()); }
    static Duration decode(ByteSource& in) { return Duration{Codec<Rep>::decode(in)}; }
};

template <>
struct Codec<std::string> {
    static void encode(std::string& out, const std::string& value) {
        detail::append_raw(out, value);
    }
    static std::string decode(ByteSource& in) { return std::string{in.take(in.size())}; }
};

template <class T>
struct Codec<std::vector<T>> {
    static void encode(std::string& out, const std::vector<T>& values) {
        if constexpr (detail::FixedSize<T>) {
            detail::append_raw(out, values);
        } else {
            detail::append_size(out, values.size());
            for (const T& value : values) {
                Codec<T>::encode(out, value);
            }
        }
    }

    static std::vector<T> decode(ByteSource& in) {
        const auto size = in.size();
        std::vector<T> values;
        if constexpr (detail::FixedSize<T>) {
            const auto bytes = in.take(size, sizeof(T));
            if (size > 0) {
                values.resize(size);
                std::memcpy(values.data(), bytes.data(), bytes.size());
            }
        } else {
            in.expect(size);  // a byte each, at least
            // What the bytes can fill, not what they claim: elements may be larger than encoded.
            values.reserve(std::min(size, in.left() / sizeof(T) + 1));
            for (std::size_t i = 0; i < size; ++i) {
                values.push_back(Codec<T>::decode(in));
            }
        }
        return values;
    }
};

template <class T>
struct Codec<std::optional<T>> {
    static void encode(std::string& out, const std::optional<T>& value) {
        Codec<bool>::encode(out, value.has_value());
        if (value) {
            Codec<T>::encode(out, *value);
        }
    }
    static std::optional<T> decode(ByteSource& in) {
        return Codec<bool>::decode(in) ? std::optional<T>{Codec<T>::decode(in)} : std::nullopt;
    }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
    static void encode(std::string& out, const std::pair<A, B>& value) {
        Codec<A>::encode(out, value.first);
        Codec<B>::encode(out, value.second);
    }
    static std::pair<A, B> decode(ByteSource& in) {
        // Braces evaluate from left to right.
        return std::pair<A, B>{Codec<A>::decode(in), Codec<B>::decode(in)};
    }
};

template <class... Ts>
    requires(sizeof...(Ts) > 0)
struct Codec<std::tuple<Ts...>> {
    static void encode(std::string& out, const std::tuple<Ts...>& value) {
        auto each = [&out](const Ts&... parts) { (Codec<Ts>::encode(out, parts), ...); };
        std::apply(each, value);
    }
    static std::tuple<Ts...> decode(ByteSource& in) {
        return std::tuple<Ts...>{Codec<Ts>::decode(in)...};
    }
};

namespace detail {

template <class Member>
struct MemberPointer;
template <class Owner, class Type>
struct MemberPointer<Type Owner::*> {
    using Class = Owner;
    using Value = Type;
};

template <auto Member>
using MemberValue = typename MemberPointer<decltype(Member)>::Value;

}  // namespace detail

/// The codec of a class with a default constructor, from pointers to all of its members.
template <auto First, auto... Rest>
struct MemberCodec {
    using Class = typename detail::MemberPointer<decltype(First)>::Class;

    static void encode(std::string& out, const Class& value) {
        Codec<detail::MemberValue<First>>::encode(out, value.*First);
        (Codec<detail::MemberValue<Rest>>::encode(out, value.*Rest), ...);
    }
    static Class decode(ByteSource& in) {
        Class value{};
        value.*First = Codec<detail::MemberValue<First>>::decode(in);
        ((value.*Rest = Codec<detail::MemberValue<Rest>>::decode(in)), ...);
        return value;
    }
};

}  // namespace fanfetch
