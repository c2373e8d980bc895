#pragma once

#include "base/log.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "net/tls_server.hpp"
#include "periodic.hpp"
#include "settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fanfetch {

/// What the API shows to those who connect; null when it speaks plain HTTP.
///
/// Errors   as TlsIdentity
[[nodiscard]] Expected<std::unique_ptr<TlsIdentity>> open_tls(const Settings& settings);

/// What is wrong with the certificate and the key, each beginning with the setting; nothing when
/// they are good or when there are none.
[[nodiscard]] std::vector<std::string> check_tls(const Settings& settings);

/// Looks every second whether certificate or key have changed, and takes them up. A pair that
/// cannot be used is logged once, and the old one stays.
///
/// Threads  the loop's; looking is done in `blocking`
class TlsWatch {
public:
    TlsWatch(
        LoopExecutor loop, std::shared_ptr<TlsIdentity> identity, Executor& blocking, Logger& log
    );
    void stop() { looks_.stop(); }

private:
    Periodic looks_;
};

}  // namespace fanfetch
