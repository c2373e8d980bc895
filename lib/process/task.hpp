#pragma once

#include "process/codec.hpp"
#include "process/task_registry.hpp"

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace fanfetch {

namespace detail {

template <std::size_t Size>
struct FixedName {
    consteval FixedName(const char (&literal)[Size]) {  // NOLINT(*-explicit-*)
        for (std::size_t i = 0; i < Size; ++i) {
            text[i] = literal[i];
        }
    }
    char text[Size]{};
};

template <class R, class... Args>
struct SignatureOf {
    using Result = std::remove_cvref_t<R>;
    using Arguments = std::tuple<std::decay_t<Args>...>;
};
template <class Fn>
struct Signature : Signature<decltype(&Fn::operator())> {};
template <class R, class... Args>
struct Signature<R (*)(Args...)> : SignatureOf<R, Args...> {};
template <class R, class... Args>
struct Signature<R (*)(Args...) noexcept> : SignatureOf<R, Args...> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) const> : SignatureOf<R, Args...> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) const noexcept> : SignatureOf<R, Args...> {};

/// A task as a worker finds it: by name, from bytes to bytes.
template <class Fn>
class TaskBody final : public RemoteBody {
public:
    explicit TaskBody(Fn fn) : fn_{std::move(fn)} {}

    void run(std::string_view arguments, std::string& result) const override {
        auto decoded = decode(arguments);
        if constexpr (std::is_void_v<Result>) {
            std::apply(fn_, std::move(decoded));
        } else {
            Codec<Result>::encode(result, std::apply(fn_, std::move(decoded)));
        }
    }

private:
    using Result = typename Signature<Fn>::Result;
    using Arguments = typename Signature<Fn>::Arguments;

    static Arguments decode([[maybe_unused]] std::string_view arguments) {
        try {
            ByteSource in{arguments};
            if constexpr (std::tuple_size_v<Arguments> == 0) {
                in.expect_end();
                return {};
            } else {
                auto decoded = Codec<Arguments>::decode(in);
                in.expect_end();
                return decoded;
            }
        } catch (const std::exception& error) {
            throw UnreadableArguments{error.what()};
        }
    }

    Fn fn_;
};

}  // namespace detail

/// A function with a name that other processes of this program know it by. Called directly, or
/// given to any executor; to one with processes, its arguments and its result travel as bytes.
///
/// Threads  as the function
template <detail::FixedName Name, class Fn>
class Task {
public:
    using Result = typename detail::Signature<Fn>::Result;
    using Arguments = typename detail::Signature<Fn>::Arguments;

    explicit Task(Fn fn) : fn_{std::move(fn)} {}

    [[nodiscard]] static constexpr std::string_view remote_name() noexcept {
        return {Name.text, sizeof Name.text - 1};
    }

    template <class... Given>
        requires std::invocable<const Fn&, Given...>
    Result operator()(Given&&... given) const {
        return fn_(std::forward<Given>(given)...);
    }

    /// Appends arguments, converted to what the function takes.
    template <class... Given>
    static void encode(std::string& out, const Given&... given) {
        static_assert(sizeof...(Given) == std::tuple_size_v<Arguments>);
        encode_each(out, std::index_sequence_for<Given...>{}, given...);
    }

    static Result decode_result(std::string_view bytes) {
        ByteSource in{bytes};
        if constexpr (std::is_void_v<Result>) {
            in.expect_end();
        } else {
            auto result = Codec<Result>::decode(in);
            in.expect_end();
            return result;
        }
    }

private:
    template <std::size_t... I, class... Given>
    static void encode_each(
        [[maybe_unused]] std::string& out, std::index_sequence<I...>, const Given&... given
    ) {
        (Codec<std::tuple_element_t<I, Arguments>>::encode(out, given), ...);
    }

    [[no_unique_address]] Fn fn_;
};

/// Gives a function its name: `inline const auto sha = register_task<"sha256">(fn);`, a variable of
/// the program's, so that every process of it knows the task before main begins.
///
/// Errors   std::logic_error when another task has the name
template <detail::FixedName Name, class Fn>
[[nodiscard]] auto register_task(Fn fn) {
    detail::TaskRegistry::instance().add(
        Task<Name, Fn>::remote_name(), std::make_unique<detail::TaskBody<Fn>>(fn)
    );
    return Task<Name, Fn>{std::move(fn)};
}

}  // namespace fanfetch
