#pragma once

#include "auth/key_record.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace fanfetch {

/// Who asks: a key that was shown, without the key.
///
/// A request holds on to it, and so does a stream, which is how it learns that its key was revoked.
///
/// Threads  any
class Principal {
public:
    explicit Principal(KeyRecord record) : record_{std::move(record)} {}

    [[nodiscard]] const std::string& key_id() const noexcept { return record_.id; }
    [[nodiscard]] const std::string& tenant() const noexcept { return record_.tenant; }
    [[nodiscard]] ScopeSet scopes() const noexcept { return record_.scopes; }
    [[nodiscard]] const KeyRecord& record() const noexcept { return record_; }

    /// True once the key is no longer what it was when it was shown; never false again.
    [[nodiscard]] bool revoked() const noexcept { return revoked_.load(std::memory_order_relaxed); }
    void revoke() noexcept { revoked_.store(true, std::memory_order_relaxed); }

private:
    const KeyRecord record_;
    std::atomic<bool> revoked_{false};
};

using PrincipalPtr = std::shared_ptr<const Principal>;

}  // namespace fanfetch
