#pragma once

#include <string>
#include <vector>

namespace fanfetch::testing {

/// Every IP endpoint this process has called connect(2) for since `begin_connect_log`, UDP too:
/// the proof that something was *not* dialled. It works by standing in for the C library's
/// function, so it sees the libraries' calls as well.
///
/// Threads  any thread
void begin_connect_log();
[[nodiscard]] std::vector<std::string> connect_log();

}  // namespace fanfetch::testing
