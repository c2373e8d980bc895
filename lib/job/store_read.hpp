#pragma once

#include "base/expected.hpp"
#include "base/failure.hpp"
#include "future/future.hpp"
#include "store/store_error.hpp"

#include <exception>
#include <string>

namespace fanfetch {

/// What a read of the store in the background gave. A done future only.
///
/// Errors   internal when what is read is damaged, so that reading again gives no more; else what
///          the store said, or store_unavailable
template <class Value>
[[nodiscard]] Expected<Value> outcome_of_read(const Future<Value>& read) {
    const auto error = read.exception();
    if (!error) {
        return read.result();
    }
    try {
        std::rethrow_exception(error);
    } catch (const StoreError& why) {
        return failed(why.damaged() ? failure_code::internal : why.failure().code, why.what());
    } catch (const std::exception& why) {  // no memory, say, or the pool is being stopped
        return failed(failure_code::store_unavailable, std::string{"reading items: "} + why.what());
    }
}

}  // namespace fanfetch
