#pragma once

#include "base/failure.hpp"

#include <stdexcept>
#include <utility>

namespace fanfetch {

/// A failure that is thrown, where a return value could be overlooked. It passes through whoever
/// asked; a request to the API that meets it gets the status of `failure().code`.
class FailureError : public std::runtime_error {
public:
    explicit FailureError(Failure failure)
        : std::runtime_error{failure.detail}, failure_{std::move(failure)} {}

    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }

private:
    Failure failure_;
};

}  // namespace fanfetch
