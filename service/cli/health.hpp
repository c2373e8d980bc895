#pragma once

#include "base/expected.hpp"
#include "net/ip_address.hpp"
#include "settings.hpp"

namespace fanfetch {

/// Where a program on the same machine reaches the service that these settings describe: the
/// loopback address when it listens on every address.
///
/// Errors   internal when `listen.address` is no address, or `listen.port` is left to the kernel
[[nodiscard]] Expected<IpEndpoint> reached_at(const Settings::Listen& listen);

/// Asks the service that these settings describe for /livez, and says what came of it: the health
/// check of a container, whose image holds no other HTTP client.
///
/// Liveness and not readiness: who restarts what is not healthy must not restart a service because
/// its disk is full or because it is finishing its work.
///
/// Returns exit_ok when it lives, exit_usage when the settings do not say where it listens, else
/// exit_some_failed, whose number means unhealthy to Docker too.
int health(const Settings& settings);

}  // namespace fanfetch
