#pragma once

#include "base/failure_error.hpp"

#include <utility>

namespace fanfetch {

/// A read that the store could not answer: the database cannot be read, or a row is damaged.
///
/// An exception, because a page of results that is missing rows must never look like a short page.
class StoreError : public FailureError {
public:
    explicit StoreError(Failure failure, bool damaged = false)
        : FailureError{std::move(failure)}, damaged_{damaged} {}

    /// What is read is not what was written: reading it again gives no more.
    [[nodiscard]] bool damaged() const noexcept { return damaged_; }

private:
    bool damaged_;
};

}  // namespace fanfetch
