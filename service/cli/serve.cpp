#include "cli/serve.hpp"

#include "app.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "cli/many_files.hpp"
#include "process/confine.hpp"
#include "process/spawner.hpp"

#include <boost/json.hpp>

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

namespace fanfetch {
namespace {

/// The signals that end the service. Blocked in every thread, so that one thread can wait for them.
sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

int wait_for_signal(const sigset_t& set) {
    int signal = 0;
    while (sigwait(&set, &signal) != 0) {
    }
    return signal;
}

/// The one line on stdout that programs wait for.
void print_ready(const boost::asio::ip::tcp::endpoint& listening, bool https) {
    boost::json::object line;
    line["event"] = "ready";
    line["address"] = listening.address().to_string();
    line["port"] = listening.port();
    line["scheme"] = https ? "https" : "http";
    line["pid"] = getpid();
    line["version"] = FANFETCH_VERSION;
    std::fputs((boost::json::serialize(line) + "\n").c_str(), stdout);
    std::fflush(stdout);
}

/// Ends the process when an orderly end does not come: memory that is not to be had can break what
/// the end waits for. What was acknowledged is on the disk, and the next start goes on from there.
void leave_at_last(std::chrono::milliseconds grace) {
    constexpr std::chrono::seconds commits_and_replies{10};
    const auto late = [](int) {
        constexpr char words[] = "error: the service did not come to its end in time\n";
        [[maybe_unused]] const auto told = ::write(STDERR_FILENO, words, sizeof(words) - 1);
        _exit(exit_refused);
    };
    std::signal(SIGALRM, late);
    const auto patience = std::chrono::ceil<std::chrono::seconds>(grace) + commits_and_replies;
    alarm(static_cast<unsigned>(patience.count()));
}

/// What a machine refuses (a thread, memory) in the middle of a start leaves threads that nobody
/// can tell to end, and nothing that would be lost with them.
auto start(App& app, Logger& log) {
    try {
        return app.start();
    } catch (const std::exception& error) {
        log.error("start_failed", {{"detail", error.what()}});
        _exit(exit_refused);
    }
}

}  // namespace

int serve(const Settings& settings) {
    const auto ending = ending_signals();
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    allow_many_files();

    if (settings.sandbox.system_calls) {
        start_spawner();
    }
    Logger log{settings.log.level, settings.log.format};
    if (settings.sandbox.system_calls) {
        if (const auto refused = confine()) {
            log.error("start_failed", {{"detail", *refused + " (sandbox.system_calls)"}});
            return exit_refused;
        }
    }
    App app{settings, log};
    const auto listening = start(app, log);
    if (!listening) {
        log.error("start_failed", {{"detail", listening.error().detail}});
        return exit_refused;
    }
    log.info(
        "ready", {{"address", listening->address().to_string()},
                  {"port", listening->port()},
                  {"shards", settings.shards}}
    );
    print_ready(*listening, !settings.listen.tls_certificate.empty());

    wait_for_signal(ending);
    // Whoever asks twice does not want to wait for the grace period.
    const auto leave = [](int) { _exit(exit_ok); };
    std::signal(SIGTERM, leave);
    std::signal(SIGINT, leave);
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    leave_at_last(settings.shutdown.grace);
    app.stop();
    return exit_ok;
}

}  // namespace fanfetch
