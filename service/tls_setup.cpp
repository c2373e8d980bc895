#include "tls_setup.hpp"

#include "base/time.hpp"
#include "net/tls_policy.hpp"

#include <chrono>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::chrono::seconds look_interval{1};

void look(TlsIdentity& identity, Logger& log) {
    const auto taken = identity.refresh(system_clock().wall());
    if (!taken) {
        log.error("certificate_not_changed", {{"detail", taken.error().detail}});
    } else if (*taken) {
        log.info("certificate_changed", {});
    }
}

}  // namespace

Expected<std::unique_ptr<TlsIdentity>> open_tls(const Settings& settings) {
    const auto& listen = settings.listen;
    if (listen.tls_certificate.empty()) {
        return std::unique_ptr<TlsIdentity>{};
    }
    return TlsIdentity::open({listen.tls_certificate, listen.tls_key}, system_clock().wall());
}

std::vector<std::string> check_tls(const Settings& settings) {
    std::vector<std::string> wrong;
    if (const auto opened = open_tls(settings); !opened) {
        wrong.push_back("listen.tls_certificate: " + opened.error().detail);
    }
    const auto try_files = [&wrong](const char* key, const TlsSettings& trusted) {
        if (const auto made = TlsPolicy::make(trusted); !made) {
            wrong.push_back(std::string{key} + ": " + made.error().detail);
        }
    };
    if (const auto& file = settings.fetch.ca_file; !file.empty()) {
        try_files("fetch.ca_file", {.ca_file = file});
    }
    if (const auto& file = settings.fetch.crl_file; !file.empty()) {
        try_files("fetch.crl_file", {.crl_file = file});
    }
    return wrong;
}

TlsWatch::TlsWatch(
    LoopExecutor loop, std::shared_ptr<TlsIdentity> identity, Executor& blocking, Logger& log
)
    : looks_{loop, look_interval, look_interval, [identity = std::move(identity), &blocking, &log] {
                 auto looked = blocking.submit([identity, &log] { look(*identity, log); });
                 looked.add_done_callback([](const auto&) {});
             }} {}

}  // namespace fanfetch
