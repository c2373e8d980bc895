#include "cli/command_line.hpp"
#include "process/worker.hpp"

int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    return fanfetch::run_command_line(argc, argv);
}
