#pragma once

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Every failure the concurrency library raises itself; what user code throws travels unchanged.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Someone changed their mind before there was an outcome.
class CancelledError : public Error {
public:
    CancelledError() : Error{"cancelled"} {}
    using Error::Error;
};

/// A wait or a scope ran out of time. What was waited for goes on by itself.
class TimeoutError : public Error {
public:
    TimeoutError() : Error{"timed out"} {}
    using Error::Error;
};

/// The call makes no sense in the state the object is in.
class InvalidStateError : public Error {
public:
    using Error::Error;
};

/// The promise was destroyed without an outcome.
class BrokenPromise : public Error {
public:
    BrokenPromise() : Error{"the promise was destroyed without an outcome"} {}
    using Error::Error;
};

/// The executor takes no more work.
class ExecutorShutdown : public Error {
public:
    ExecutorShutdown() : Error{"the executor has been shut down"} {}
    using Error::Error;
};

/// The executor cannot do the work any more.
class BrokenExecutor : public Error {
public:
    using Error::Error;
};

class BrokenThreadPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
};

class BrokenProcessPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
};

/// An exception that was thrown in another process, whose type is not known here.
class RemoteError : public Error {
public:
    RemoteError(std::string type, std::string text, std::string worker);

    [[nodiscard]] const std::string& type() const noexcept { return type_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::string& worker() const noexcept { return worker_; }

private:
    std::string type_;
    std::string text_;
    std::string worker_;
};

/// Several failures at once; `what()` tells the number and describes each.
class ExceptionGroup : public Error {
public:
    ExceptionGroup(std::string_view message, std::vector<std::exception_ptr> errors);

    [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

private:
    std::vector<std::exception_ptr> errors_;
};

/// The name of the type thrown, as one writes it: "std::runtime_error"; "none" for no exception.
[[nodiscard]] std::string type_name(const std::exception_ptr& error);

/// Type and text on one line: "std::runtime_error: no such file".
[[nodiscard]] std::string describe(const std::exception_ptr& error);

/// Hears of errors that have nobody else to go to: what a callback threw, an exception that nobody
/// looked at. `where` says what was being done.
///
/// Errors   what it throws is ignored
/// Threads  called from any thread, from several at once, never under a lock of ours
using ErrorLogger = std::function<void(std::string_view where, const std::exception_ptr& error)>;

/// Replaces the logger and returns the one before; an empty one stands for the default, a line on
/// standard error.
///
/// Threads  any thread; a call of the old logger may still be in progress on return
ErrorLogger set_error_logger(ErrorLogger logger);

/// Tells the logger. For the library's own modules.
void report_error(std::string_view where, const std::exception_ptr& error) noexcept;

}  // namespace fanfetch
