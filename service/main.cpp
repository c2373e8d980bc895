#include "cli/command_line.hpp"
#include "process/worker.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    try {
        return fanfetch::run_command_line(argc, argv);
    } catch (const std::exception& error
    ) {  // no thread to be had, no memory: what is left is to say so
        std::fprintf(stderr, "error: %s\n", error.what());
        return fanfetch::exit_refused;
    }
}
