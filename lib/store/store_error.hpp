#pragma once

#include "base/failure.hpp"

#include <stdexcept>
#include <utility>

namespace fanfetch {

/// A read that the store could not answer: the database cannot be read, or a row is damaged.
///
/// An exception, because a page of results that is missing rows must never look like a short page.
/// It passes through whoever asked; the request gets the status of `failure().code`.
class StoreError : public std::runtime_error {
public:
    explicit StoreError(Failure failure)
        : std::runtime_error{failure.detail}, failure_{std::move(failure)} {}

    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }

private:
    Failure failure_;
};

}  // namespace fanfetch
