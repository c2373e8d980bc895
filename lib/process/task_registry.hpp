#pragma once

#include "future/errors.hpp"

#include <concepts>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace fanfetch {
namespace detail {

/// Arguments that came over the socket and are none for the task they were meant for.
class UnreadableArguments : public Error {
public:
    using Error::Error;
};

/// A task as a worker finds it.
class RemoteBody {
public:
    virtual ~RemoteBody() = default;
    /// Appends the result; throws UnreadableArguments, and what the function or a codec throws.
    virtual void run(std::string_view arguments, std::string& result) const = 0;
};

/// What this program's processes know of each other by name: tasks, and types of exceptions.
/// Process-wide, since it stands for the program's text; filled before main and read ever after.
///
/// Threads  any thread
class TaskRegistry {
public:
    using Rebuild = std::function<std::exception_ptr(const std::string& text)>;

    [[nodiscard]] static TaskRegistry& instance();

    /// std::logic_error when the name is taken.
    void add(std::string_view name, std::unique_ptr<RemoteBody> body);
    /// Null when there is none.
    [[nodiscard]] const RemoteBody* find(std::string_view name) const;

    void add_exception(std::string type, Rebuild rebuild);
    /// The exception of that type with that text; null when the type is not registered.
    [[nodiscard]] std::exception_ptr rebuild(const std::string& type, const std::string& text)
        const;

private:
    TaskRegistry() = default;

    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<RemoteBody>, std::less<>> bodies_;
    std::map<std::string, Rebuild> exceptions_;
};

}  // namespace detail

/// Lets exceptions of type `E` that leave a task arrive as themselves, made again from their text:
/// `inline const bool known = register_exception<ParseError>();`. Others arrive as RemoteError.
template <class E>
    requires std::derived_from<E, std::exception> && std::constructible_from<E, const std::string&>
bool register_exception() {
    auto rebuild = [](const std::string& text) { return std::make_exception_ptr(E{text}); };
    detail::TaskRegistry::instance().add_exception(
        type_name(std::make_exception_ptr(E{std::string{}})), rebuild
    );
    return true;
}

}  // namespace fanfetch
