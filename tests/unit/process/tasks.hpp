#pragma once

#include "process/process_pool_executor.hpp"
#include "support/patience.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

/// What the tests' workers can do; they are images of the test program.
namespace fanfetch::testing {

/// An argument or a result that cannot be written.
struct Unwritable {};
/// One that is written as something that nobody can read.
struct Unreadable {};
/// An argument that can be written, or not.
struct MaybeWritable {
    bool writable = true;
};
struct Point {
    int x = 0;
    std::string label;
    friend bool operator==(const Point&, const Point&) = default;
};
class KnownError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace fanfetch::testing

template <>
struct fanfetch::Codec<fanfetch::testing::Unwritable> {
    static void encode(std::string& out, const testing::Unwritable&) {
        out += "half of it";
        throw std::domain_error{"unwritable"};
    }
    static testing::Unwritable decode(ByteSource&) { return {}; }
};
template <>
struct fanfetch::Codec<fanfetch::testing::MaybeWritable> {
    static void encode(std::string& out, const testing::MaybeWritable& value) {
        if (!value.writable) {
            throw std::domain_error{"unwritable"};
        }
        out += 'w';
    }
    static testing::MaybeWritable decode(ByteSource& in) {
        (void)in.take(1);
        return {};
    }
};
template <>
struct fanfetch::Codec<fanfetch::testing::Unreadable> {
    static void encode(std::string& out, const testing::Unreadable&) { out += "gibberish"; }
    static testing::Unreadable decode(ByteSource&) { throw DecodeError{"unreadable"}; }
};
template <>
struct fanfetch::Codec<fanfetch::testing::Point>
    : MemberCodec<&testing::Point::x, &testing::Point::label> {};

namespace fanfetch::testing {

inline const bool known_error = register_exception<KnownError>();

inline const auto square = register_task<"square">([](int n) { return n * n; });
inline const auto nothing = register_task<"nothing">([] {});
inline const auto echo = register_task<"echo">([](std::string text) { return text; });
inline const auto length =
    register_task<"length">([](const std::string& text) { return std::uint64_t{text.size()}; });
inline const auto bytes_of =
    register_task<"bytes_of">([](std::uint64_t size) { return std::vector<std::byte>(size); });
inline const auto move_point = register_task<"move_point">([](Point point, int by) {
    point.x += by;
    return point;
});
inline const auto pid_of_worker = register_task<"pid_of_worker">([] { return ::getpid(); });

inline const auto fail_with = register_task<"fail_with">([](const std::string& text) -> int {
    throw std::domain_error{text};
});
inline const auto fail_known =
    register_task<"fail_known">([](const std::string& text) -> int { throw KnownError{text}; });
inline const auto fail_at = register_task<"fail_at">([](int n, int bad) {
    if (n == bad) {
        throw std::domain_error{"the bad one"};
    }
    return n;
});
inline const auto take_unwritable = register_task<"take_unwritable">([](Unwritable) {});
inline const auto take_unreadable = register_task<"take_unreadable">([](Unreadable) {});
inline const auto give_unwritable = register_task<"give_unwritable">([] { return Unwritable{}; });
inline const auto give_unreadable = register_task<"give_unreadable">([] { return Unreadable{}; });

inline const auto die_by = register_task<"die_by">([](int signal) -> int {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return 0;
});
inline const auto leave_with = register_task<"leave_with">([](int code) -> int { ::_exit(code); });
inline const auto hang = register_task<"hang">([] {
    for (;;) {
        ::pause();
    }
});

/// Sends bytes of its own on the worker's socket, as a worker that was taken over might.
inline const auto send_raw = register_task<"send_raw">([](const std::string& bytes, bool stay) {
    (void)::send(3, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    while (stay) {
        ::pause();
    }
    ::_exit(0);
});
inline const auto close_socket = register_task<"close_socket">([] {
    ::close(3);
    for (;;) {
        ::pause();
    }
});

inline const auto print = register_task<"print">([](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fputs(text.c_str(), stderr);
    return std::fflush(nullptr);
});
inline const auto append_to_file =
    register_task<"append_to_file">([](const std::string& path, const std::string& text) {
        std::ofstream{path, std::ios::app} << text;
    });
inline const auto open_descriptors = register_task<"open_descriptors">([] {
    std::vector<int> open;
    for (int number = 0; number < 1024; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) {
            open.push_back(number);
        }
    }
    return open;
});
inline const auto use_a_pool = register_task<"use_a_pool">([] {
    ProcessPoolExecutor inner;
    return inner.submit(square, 2).result();
});

inline const auto pid_for = register_task<"pid_for">([](int) { return ::getpid(); });
/// So many bytes, or for none the end.
inline const auto large_or_dead = register_task<"large_or_dead">([](std::uint64_t size) {
    if (size == 0) {
        ::_exit(4);
    }
    return std::string(size, 'x');
});
inline const auto take_if_writable =
    register_task<"take_if_writable">([](MaybeWritable) { return 1; });

// What a sandbox is for.

inline const auto allocate = register_task<"allocate">([](std::uint64_t size) {
    return std::uint64_t{std::vector<char>(size).size()};
});
inline const auto burn = register_task<"burn">([] {
    while (std::clock() >= 0) {
    }
});
/// How many of so many files could be opened.
inline const auto open_many = register_task<"open_many">([](int wanted) {
    int opened = 0;
    while (opened < wanted && ::open("/dev/null", O_RDONLY) >= 0) {
        ++opened;
    }
    return opened;
});
/// The errno of writing a byte into a file.
inline const auto write_file = register_task<"write_file">([](const std::string& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    return ::write(file, "x", 1) == 1 ? 0 : errno;
});
/// The errno of forking and of becoming another program.
inline const auto try_to_multiply = register_task<"try_to_multiply">([] {
    std::vector<int> errors;
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    errors.push_back(child < 0 ? errno : 0);
    std::string name = "true";
    char* const arguments[] = {name.data(), nullptr};
    errors.push_back(::execv("/bin/true", arguments) < 0 ? errno : 0);
    return errors;
});
inline const auto core_limit = register_task<"core_limit">([] {
    rlimit limit{1, 1};
    ::getrlimit(RLIMIT_CORE, &limit);
    return std::uint64_t{limit.rlim_max};
});
inline const auto no_new_privileges =
    register_task<"no_new_privileges">([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); });
inline const auto environment_size = register_task<"environment_size">([] {
    int size = 0;
    while (::environ[size] != nullptr) {
        ++size;
    }
    return size;
});
inline const auto who = register_task<"who">([] {
    return std::tuple{::getpid(), ::getsid(0), ::getpgid(0)};
});
/// Numbers, memory, sorting, clocks, chance: what taking bytes apart needs.
inline const auto compute = register_task<"compute">([] {
    std::vector<std::vector<double>> rows(50);
    for (auto& row : rows) {
        row.assign(100'000, 1.5);
        row.resize(50'000);
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    std::this_thread::sleep_for(std::chrono::microseconds{1});
    return rows[7][3] + static_cast<double>(now % 2);
});
/// The pid of a child that stays.
inline const auto leave_a_child = register_task<"leave_a_child">([] {
    const pid_t child = ::fork();
    while (child == 0) {
        ::pause();
    }
    return child;
});
inline const auto fork_and_hang = register_task<"fork_and_hang">([](const std::string& pids) {
    std::ofstream file{pids};
    for (int i = 0; i < 20; ++i) {
        const pid_t child = ::fork();
        while (child == 0) {
            ::pause();
        }
        file << child << std::endl;
    }
    for (;;) {
        ::pause();
    }
});

/// Opens a FIFO and reads until whoever writes into it goes.
inline const auto pass_gate = register_task<"pass_gate">([](const std::string& path) {
    const int gate = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char byte = 0;
    while (::read(gate, &byte, 1) > 0) {
    }
    ::close(gate);
    return ::getpid();
});

/// A folder that goes with its owner.
class TempDir {
public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "process_XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

/// Keeps a call in a worker until it is opened.
class Gate {
public:
    Gate() { ::mkfifo(path().c_str(), 0600); }
    ~Gate() { open(); }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// The argument of `pass_gate`.
    [[nodiscard]] std::string path() const { return dir_.file("gate"); }
    void wait_until_begun() { end_ = ::open(path().c_str(), O_WRONLY | O_CLOEXEC); }
    void open() {
        if (end_ >= 0) {
            ::close(end_);
            end_ = -1;
        }
    }

private:
    TempDir dir_;
    int end_ = -1;
};

/// Whether `holds` becomes true before patience ends.
template <class Condition>
[[nodiscard]] bool eventually(Condition holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

/// Whether the process is gone, or is only waiting to be collected.
[[nodiscard]] inline bool ended(pid_t pid) {
    std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
    std::string line;
    if (!std::getline(stat, line)) {
        return true;
    }
    return line.substr(line.rfind(')') + 2, 1) == "Z";
}

template <class Future>
[[nodiscard]] std::string text_of(const Future& future) {
    return describe(future.exception(patience));
}

}  // namespace fanfetch::testing
