#pragma once

#include "auth/key_ring.hpp"
#include "base/expected.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace fanfetch {

class Logger;

/// The keys in force: those of a file, which is followed while it changes.
///
/// The file is read again every second and parsed when its bytes are others than before; that is
/// cheaper than it sounds for a file of this size, and misses no change, whichever way it was made.
/// A file that has become unreadable, wrong or absent changes nothing: the keys before it stay in
/// force and the log says why, once.
///
/// Without a file the service is open: everyone is the tenant `default` with every scope. Once
/// there is a file a key is wanted, and stays wanted whatever happens to the file.
///
/// Errors   open(): what reading and parsing the file says
/// Threads  any; one thread of its own reads
class LiveKeys {
public:
    static constexpr std::chrono::milliseconds usual_pause{1'000};

    /// `log` outlives it; `pause` is between two looks at the file.
    [[nodiscard]] static Expected<std::unique_ptr<LiveKeys>> open(
        std::string path, Logger& log, std::chrono::milliseconds pause = usual_pause
    );
    ~LiveKeys();
    LiveKeys(const LiveKeys&) = delete;
    LiveKeys& operator=(const LiveKeys&) = delete;

    /// Whether a key is wanted.
    [[nodiscard]] bool wanted() const noexcept { return wanted_; }
    [[nodiscard]] std::size_t size() const;

    /// Whose key it is; null when it is nobody's.
    [[nodiscard]] PrincipalPtr find(std::string_view key) const;
    /// Everyone, while no key is wanted.
    [[nodiscard]] PrincipalPtr anyone() const noexcept { return anyone_; }

    /// What a tenant may have at most just now. Asked for every request.
    [[nodiscard]] TenantQuotas quotas(std::string_view tenant) const;
    /// `told` hears what holds for tenants: now, and whenever it changes, on the thread that reads.
    /// Once, before anybody asks for anything.
    void watch_terms(std::function<void(const TermsByTenant&)> told);

    /// Looks at the file now.
    void refresh();

private:
    LiveKeys(std::string path, Logger& log);
    Expected<void> take_up();
    void follow(const std::stop_token& stop, std::chrono::milliseconds pause);
    [[nodiscard]] std::shared_ptr<const KeyRing> ring() const;

    const std::string path_;
    Logger& log_;
    const std::shared_ptr<Principal> anyone_;
    std::atomic<bool> wanted_{false};
    std::atomic<bool> limited_{false};  // somebody has terms
    mutable std::mutex mutex_;          // guards ring_ and terms_
    std::shared_ptr<const KeyRing> ring_;
    TermsByTenant terms_;
    std::mutex reading_;  // one reads at a time; guards text_, complaint_ and told_
    std::function<void(const TermsByTenant&)> told_;
    std::string text_;
    std::string complaint_;  ///< of the last look, so that it is logged once
    std::condition_variable_any wake_;
    std::jthread follower_;
};

}  // namespace fanfetch
