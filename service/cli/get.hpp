#pragma once

#include "cli/get_plan.hpp"

namespace CLI {
class App;
}

namespace fanfetch {

/// Declares the arguments of `fanfetch get`; parsing fills `options`, which outlives it.
void add_get_options(CLI::App& verb, GetOptions& options);

/// `fanfetch get`: fetches a list of URLs into files, without a server, and says how it went.
///
/// A file gets its final name when it is whole, so an interruption (SIGINT, SIGTERM, SIGHUP)
/// leaves complete files only; a second one ends the program at once. Returns the exit code.
int get(const GetOptions& options);

}  // namespace fanfetch
