#include "auth/live_keys.hpp"

#include "auth/keys_document.hpp"
#include "auth/keys_file.hpp"
#include "base/log.hpp"

#include <pthread.h>

#include <utility>

namespace fanfetch {

LiveKeys::LiveKeys(std::string path, Logger& log)
    : path_{std::move(path)},
      log_{log},
      anyone_{std::make_shared<Principal>(KeyRecord{"", "default", {}, ScopeSet::all()})},
      ring_{std::make_shared<const KeyRing>()} {}

LiveKeys::~LiveKeys() {
    follower_.request_stop();
}

Expected<std::unique_ptr<LiveKeys>> LiveKeys::open(
    std::string path, Logger& log, std::chrono::milliseconds pause
) {
    std::unique_ptr<LiveKeys> keys{new LiveKeys{std::move(path), log}};
    {
        const std::lock_guard reading{keys->reading_};
        if (auto taken = keys->take_up(); !taken) {
            return taken.error();
        }
    }
    keys->follower_ = std::jthread{[keys = keys.get(), pause](const std::stop_token& stop) {
        (void)::pthread_setname_np(::pthread_self(), "keys");
        keys->follow(stop, pause);
    }};
    return keys;
}

/// Reads the file, and puts its keys into force when they are others than before.
Expected<void> LiveKeys::take_up() {
    auto found = read_keys_text(path_);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return wanted_ ? Expected<void>{failed(
                             failure_code::request_invalid, path_ + ": the file of keys is gone"
                         )}
                       : Expected<void>{};
    }
    if (wanted_ && (*found)->text == text_) {
        return {};
    }
    auto parsed = parse_keys((*found)->text);
    if (!parsed) {
        return failed(parsed.error().code, path_ + ": " + parsed.error().detail);
    }
    auto next = std::make_shared<const KeyRing>(*parsed, *ring());
    auto terms = terms_of(*parsed);
    if (told_) {
        told_(terms);
    }
    {
        const std::lock_guard lock{mutex_};
        ring_ = next;
        terms_ = std::move(terms);
        limited_ = !terms_.empty();
    }
    text_ = std::move((*found)->text);
    wanted_ = true;
    anyone_->revoke();
    log_.info("keys_in_force", {{"keys", next->size()}});
    if ((*found)->readable_by_all) {
        log_.warn("keys_file_readable", {{"file", path_}, {"detail", "everyone may read it"}});
    }
    return {};
}

TenantQuotas LiveKeys::quotas(std::string_view tenant) const {
    if (!limited_.load(std::memory_order_relaxed)) {
        return {};
    }
    const std::lock_guard lock{mutex_};
    const auto found = terms_.find(tenant);
    return found == terms_.end() ? TenantQuotas{} : found->second.quotas;
}

void LiveKeys::watch_terms(std::function<void(const TermsByTenant&)> told) {
    const std::lock_guard reading{reading_};
    told_ = std::move(told);
    told_(terms_);
}

void LiveKeys::refresh() {
    const std::lock_guard reading{reading_};
    const auto taken = take_up();
    const auto complaint = taken ? std::string{} : taken.error().detail;
    if (!complaint.empty() && complaint != complaint_) {
        log_.error("keys_not_reloaded", {{"detail", complaint}});
    }
    complaint_ = complaint;
}

void LiveKeys::follow(const std::stop_token& stop, std::chrono::milliseconds pause) {
    std::mutex nothing;  // nothing is shared: the wait ends by time or by the stop
    std::unique_lock lock{nothing};
    while (!stop.stop_requested()) {
        wake_.wait_for(lock, stop, pause, [] { return false; });
        if (!stop.stop_requested()) {
            refresh();
        }
    }
}

std::shared_ptr<const KeyRing> LiveKeys::ring() const {
    const std::lock_guard lock{mutex_};
    return ring_;
}

std::size_t LiveKeys::size() const {
    return ring()->size();
}

PrincipalPtr LiveKeys::find(std::string_view key) const {
    return ring()->find(key);
}

}  // namespace fanfetch
