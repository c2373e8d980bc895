#pragma once

namespace fanfetch {

/// Exit codes that scripts rely on.
enum exit_code : int {
    exit_ok = 0,           ///< all succeeded
    exit_some_failed = 1,  ///< the batch ran and some items failed
    exit_usage = 2,        ///< arguments or settings
    exit_refused = 3,      ///< a server was unreachable or refused; the service could not start
    exit_interrupted = 130,
};

/// Reads the arguments, runs the verb they name, and says how it ended.
int run_command_line(int argc, char** argv);

}  // namespace fanfetch
