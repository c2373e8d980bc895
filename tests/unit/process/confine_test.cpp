#include "process/confine.hpp"

#include "process/spawner.hpp"
#include "tasks.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

// A filter is for good, so each of these is tried in a process of its own (a "death test").

namespace fanfetch {
namespace {

using namespace testing;
using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

class Confine : public ::testing::Test {
protected:
    void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "a build with a sanitizer is not confined";
#endif
        GTEST_FLAG_SET(death_test_style, "threadsafe");
    }
};

/// Ends the process; its code is the number of the first that does not hold, or 0.
[[noreturn]] void leave(std::initializer_list<bool> hold) {
    int number = 1;
    for (const bool one : hold) {
        if (!one) {
            ::_exit(number);
        }
        ++number;
    }
    ::_exit(0);
}

bool forbidden(long result) {
    return result == -1 && errno == EPERM;
}

void execute() {
    char name[] = "true";
    char* const arguments[] = {name, nullptr};
    char* const nothing[] = {nullptr};
    ::execve("/bin/true", arguments, nothing);
    ::_exit(99);
}

TEST_F(Confine, Hrd02AnotherProgramIsTheEnd) {
    EXPECT_EXIT(
        {
            if (!confine()) {
                execute();
            }
        },
        KilledBySignal(SIGSYS), ""
    );
    EXPECT_EXIT(execute(), ExitedWithCode(0), "") << "it can be done without";
}

TEST_F(Confine, Hrd02ALookIntoAnotherProcessIsTheEnd) {
    EXPECT_EXIT(
        {
            if (!confine()) {
                ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr);
            }
            ::_exit(99);
        },
        KilledBySignal(SIGSYS), ""
    );
}

TEST_F(Confine, Hrd02ProcessesNamespacesAndCodeOfOnesOwnAreRefused) {
    const auto attempt = [] {
        if (confine()) {
            ::_exit(98);
        }
        const bool fork = forbidden(::fork());
        const bool space = forbidden(::unshare(CLONE_NEWUSER));
        void* const code =
            ::mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const bool writable_code = code == MAP_FAILED && errno == EPERM;
        void* const page =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const bool made_executable = forbidden(::mprotect(page, 4096, PROT_WRITE | PROT_EXEC));
        const bool root = forbidden(::chroot("/"));
        leave({fork, space, writable_code, page != MAP_FAILED, made_executable, root});
    };
    EXPECT_EXIT(attempt(), ExitedWithCode(0), "");
}

TEST_F(Confine, Hrd02ThreadsFilesAndSocketsGoOn) {
    const auto attempt = [] {
        if (confine()) {
            ::_exit(98);
        }
        bool ran = false;
        std::thread{[&] { ran = true; }}.join();
        const bool file = std::ifstream{"/proc/self/status"}.is_open();
        const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        leave({ran, file, socket >= 0});
    };
    EXPECT_EXIT(attempt(), ExitedWithCode(0), "");
}

TEST_F(Confine, Hrd02ThreadsThatThereAreAlreadyAreConfined) {
    EXPECT_EXIT(
        {
            std::promise<void> confined;
            std::thread other{[&] {
                confined.get_future().wait();
                execute();
            }};
            (void)confine();
            confined.set_value();
            other.join();
        },
        KilledBySignal(SIGSYS), ""
    );
}

TEST_F(Confine, Hrd02TheSpawnerStartsWorkersForAConfinedProcess) {
    const auto attempt = [] {
        start_spawner();
        if (confine()) {
            ::_exit(98);
        }
        ProcessPoolExecutor pool{
            {.max_workers = 1,
             .crash_policy = crash_policy::replace_worker,
             .sandbox = sandbox::strict()}};
        const bool works = pool.submit(square, 7).result(patience) == 49;
        auto dies = pool.submit(leave_with, 1);
        const bool died = text_of(dies).find("code 1") != std::string::npos;
        const bool replaced = pool.submit(square, 3).result(patience) == 9;
        leave({works, died, replaced});
    };
    EXPECT_EXIT(attempt(), ExitedWithCode(0), "");
}

/// With and without a sanitizer: the spawner alone.
TEST(Spawner, ItsWorkersAreOurChildrenAndHaveNoOtherDescriptors) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto attempt = [] {
        start_spawner();
        start_spawner();                                          // the second time there is one
        const int stray = ::open("/proc/self/status", O_RDONLY);  // NOLINT: without close-on-exec
        ProcessPoolExecutor pool{{.max_workers = 1}};
        const int worker = pool.submit(pid_of_worker).result(patience);
        std::ifstream state{"/proc/" + std::to_string(worker) + "/stat"};
        std::string pid, name, letter;
        int parent = 0;
        state >> pid >> name >> letter >> parent;
        const auto open = pool.submit(open_descriptors).result(patience);
        pool.shutdown();
        leave({stray >= 0, parent == ::getpid(), open.size() == 4, ::kill(worker, 0) != 0});
    };
    EXPECT_EXIT(attempt(), ExitedWithCode(0), "");
}

TEST(Spawner, WithoutItAPoolSaysSo) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto attempt = [] {
        start_spawner();
        int spawner = 0;
        const auto self = std::to_string(::getpid());
        std::ifstream{"/proc/self/task/" + self + "/children"} >> spawner;
        ::kill(spawner, SIGKILL);
        ::waitpid(spawner, nullptr, 0);
        ProcessPoolExecutor pool{{.max_workers = 1}};
        auto call = pool.submit(square, 2);
        const auto said = text_of(call);
        pool.shutdown();
        leave({spawner > 0, said.find("no worker can be started") != std::string::npos});
    };
    EXPECT_EXIT(attempt(), ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fanfetch
