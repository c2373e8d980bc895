#pragma once

#include "process/confine.hpp"
#include "process/spawner.hpp"
#include "tasks.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The test program run as a program with a pool, so that a test can see how it ends.
namespace fanfetch::testing {

/// What such a program does: `--parent=<way>`.
inline std::optional<int> run_as_parent(int argc, char** argv) {
    const std::string_view sign = "--parent=";
    if (argc != 2 || !std::string_view{argv[1]}.starts_with(sign)) {
        return std::nullopt;
    }
    auto way = std::string_view{argv[1]}.substr(sign.size());
    const std::string_view confined = "confined ";
    if (way.starts_with(confined)) {
        way.remove_prefix(confined.size());
        start_spawner();
        if (confine()) {
            return 4;
        }
    }
    const bool abandons = way == "abandon";
    // Reachable to the end, so that it is not destroyed and does not count as leaked.
    static auto* const pool = new ProcessPoolExecutor{
        {.max_workers = 2, .at_exit = abandons ? exit_policy::abandon : exit_policy::finish}};
    if (way == "finish") {  // main returns, the call is accepted, nobody destroys the pool
        (void)pool->submit(print, "accepted\n");
        return 0;
    }
    // Both workers say who they are and hang.
    const int first = pool->submit(pid_of_worker).result();
    auto busy = pool->submit(hang);
    const int second = pool->submit(pid_of_worker).result();
    auto also_busy = pool->submit(hang);
    std::printf("%d %d\n", first, second);
    std::fflush(stdout);
    while (!busy.running() || !also_busy.running()) {
        std::this_thread::yield();
    }
    if (way == "exit" || abandons) {
        return abandons ? 3 : (std::quick_exit(3), 3);
    }
    if (way == "abort") {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        std::signal(SIGABRT, SIG_DFL);
        std::raise(SIGABRT);
    }
    for (;;) {
        ::pause();  // to be killed
    }
}

/// A program with a pool, as seen by the test that started it.
class Parent {
public:
    explicit Parent(const std::string& way) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            std::abort();
        }
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        std::string name = "parent";
        std::string argument = "--parent=" + way;
        char* const arguments[] = {name.data(), argument.data(), nullptr};
        ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, ::environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        out_ = ::fdopen(ends[0], "r");
    }
    Parent(const Parent&) = delete;
    Parent& operator=(const Parent&) = delete;
    ~Parent() {
        ::kill(pid_, SIGKILL);
        (void)wait();
        std::fclose(out_);
    }

    [[nodiscard]] std::string line() {
        char text[256] = {};
        return std::fgets(text, sizeof text, out_) == nullptr ? "" : text;
    }
    [[nodiscard]] std::vector<int> workers() {
        std::vector<int> pids(2);
        (void)std::sscanf(line().c_str(), "%d %d", &pids[0], &pids[1]);
        return pids;
    }
    void kill(int signal) const { ::kill(pid_, signal); }
    /// The status of waitpid.
    int wait() {
        if (!status_) {
            int status = 0;
            ::waitpid(pid_, &status, 0);
            status_ = status;
        }
        return *status_;
    }

private:
    pid_t pid_ = -1;
    std::FILE* out_ = nullptr;
    std::optional<int> status_;
};

}  // namespace fanfetch::testing
