#pragma once

#include "base/failure.hpp"

#include <string>

namespace fanfetch {

/// The JSON Pointer of the first member at fault; empty: the document as a whole.
inline std::string first_pointer(const Failure& failure) {
    return failure.members.empty() ? std::string{} : failure.members.front().pointer;
}

}  // namespace fanfetch
