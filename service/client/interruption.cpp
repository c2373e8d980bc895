#include "client/interruption.hpp"

#include "cli/command_line.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>

namespace fanfetch {
namespace {

// What a handler may touch: a path of fixed size, and whether there is one.
std::array<char, PATH_MAX> unfinished_path{};
std::atomic<bool> unfinished{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void end_program(int) {
    if (unfinished) {
        ::unlink(unfinished_path.data());
    }
    ::_exit(exit_interrupted);
}

}  // namespace

void exit_when_interrupted() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction current {};
        if (::sigaction(number, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) {
            continue;
        }
        struct sigaction ending {};
        ending.sa_handler = end_program;
        ::sigaction(number, &ending, nullptr);
    }
}

UnfinishedFile::UnfinishedFile(const std::string& path) {
    if (path.size() < unfinished_path.size()) {
        std::memcpy(unfinished_path.data(), path.c_str(), path.size() + 1);
        unfinished = true;
    }
}

UnfinishedFile::~UnfinishedFile() {
    unfinished = false;
}

}  // namespace fanfetch
