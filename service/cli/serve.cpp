#include "cli/serve.hpp"

#include "app.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "cli/many_files.hpp"

#include <boost/json.hpp>

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

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
void print_ready(const boost::asio::ip::tcp::endpoint& listening) {
    boost::json::object line;
    line["event"] = "ready";
    line["address"] = listening.address().to_string();
    line["port"] = listening.port();
    line["pid"] = getpid();
    line["version"] = FANFETCH_VERSION;
    std::fputs((boost::json::serialize(line) + "\n").c_str(), stdout);
    std::fflush(stdout);
}

}  // namespace

int serve(const Settings& settings) {
    const auto ending = ending_signals();
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    allow_many_files();

    Logger log{settings.log.level, settings.log.format};
    App app{settings, log};
    const auto listening = app.start();
    if (!listening) {
        log.error("start_failed", {{"detail", listening.error().detail}});
        return exit_refused;
    }
    log.info(
        "ready", {{"address", listening->address().to_string()},
                  {"port", listening->port()},
                  {"shards", settings.shards}}
    );
    print_ready(*listening);

    wait_for_signal(ending);
    // Whoever asks twice does not want to wait for the grace period.
    std::jthread impatient{[ending](const std::stop_token& stop) {
        wait_for_signal(ending);
        if (!stop.stop_requested()) {
            _exit(exit_ok);
        }
    }};
    app.stop();
    impatient.request_stop();
    pthread_kill(impatient.native_handle(), SIGTERM);
    return exit_ok;
}

}  // namespace fanfetch
