#pragma once

#include "base/failure.hpp"

#include <boost/system/result.hpp>

#include <stdexcept>
#include <utility>

namespace fanfetch {

/// A value, or the reason why there is none. `value()` on a failure throws std::logic_error:
/// asking without looking is a bug of the caller.
template <class T>
using Expected = boost::system::result<T, Failure>;

/// Makes the failing side: `return failed(failure_code::url_invalid, "reading the host: empty");`
[[nodiscard]] inline Failure failed(failure_code code, std::string detail) {
    return Failure{code, std::move(detail), 0, {}};
}

[[noreturn]] inline void
throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::logic_error{"value() of a failure: " + failure.detail};
}

}  // namespace fanfetch
