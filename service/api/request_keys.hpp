#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace fanfetch {

/// The Idempotency-Keys of requests that are being carried out right now.
///
/// Threads  any thread
class RequestKeys {
public:
    /// Held until the answer is gone; nullptr when a request with that key is being carried out.
    [[nodiscard]] std::shared_ptr<const void> begin(std::string tenant, std::string key) {
        auto name = std::pair{std::move(tenant), std::move(key)};
        const std::lock_guard lock{running_->mutex};
        if (!running_->keys.insert(name).second) {
            return nullptr;
        }
        return std::make_shared<const Hold>(running_, std::move(name));
    }

private:
    using Name = std::pair<std::string, std::string>;
    struct Running {
        std::mutex mutex;
        std::set<Name> keys;
    };
    /// Shares the list, since a stream that holds one may outlive the API.
    class Hold {
    public:
        Hold(std::shared_ptr<Running> running, Name name)
            : running_{std::move(running)}, name_{std::move(name)} {}
        ~Hold() {
            const std::lock_guard lock{running_->mutex};
            running_->keys.erase(name_);
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        std::shared_ptr<Running> running_;
        Name name_;
    };

    std::shared_ptr<Running> running_ = std::make_shared<Running>();
};

}  // namespace fanfetch
