#pragma once

#include "future/errors.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::testing {

/// Collects what goes to the error logger while it lives.
///
/// Threads  any thread
class LoggedErrors {
public:
    LoggedErrors()
        : before_{set_error_logger([this](std::string_view where, const std::exception_ptr& error) {
              const std::lock_guard lock{mutex_};
              lines_.push_back(std::string{where} + ": " + describe(error));
          })} {}
    LoggedErrors(const LoggedErrors&) = delete;
    LoggedErrors& operator=(const LoggedErrors&) = delete;
    ~LoggedErrors() { set_error_logger(before_); }

    [[nodiscard]] std::vector<std::string> all() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    ErrorLogger before_;
};

}  // namespace fanfetch::testing
