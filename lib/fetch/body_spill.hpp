#pragma once

#include "base/expected.hpp"

#include <memory>
#include <string_view>

namespace fanfetch {

/// A body on its way to disk. Destroyed before someone keeps it, it leaves nothing behind.
///
/// Threads  one caller at a time; every call blocks on the disk
class SpilledBody {
public:
    virtual ~SpilledBody() = default;
    virtual Expected<void> append(std::string_view bytes) = 0;
};

/// Where bodies go that are too long for memory. The store stands behind it.
///
/// Threads  any thread; blocks on the disk
class BodySpill {
public:
    virtual ~BodySpill() = default;
    virtual Expected<std::unique_ptr<SpilledBody>> begin() = 0;
};

}  // namespace fanfetch
