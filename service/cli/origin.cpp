#include "cli/origin.hpp"

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "cli/many_files.hpp"
#include "coro/event_loop.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/errors.hpp"
#include "origin/origin.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>

namespace fanfetch {
namespace {

int complain(const std::string& error, int code) {
    std::fprintf(stderr, "error: %s\n", error.c_str());
    return code;
}

/// "500ms" or "200ms-2s"; false when it is neither.
bool read_delay(const std::string& text, origin::OriginSettings& settings) {
    const auto dash = text.find('-');
    const auto least = parse_duration(std::string_view{text}.substr(0, dash));
    const auto most =
        dash == std::string::npos ? least : parse_duration(std::string_view{text}.substr(dash + 1));
    if (!least || !most || *least > *most) {
        return false;
    }
    settings.least_delay = *least;
    settings.most_delay = *most;
    return true;
}

void print_ready(const origin::Origin::Endpoint& listening) {
    boost::json::object line;
    line["event"] = "ready";
    line["address"] = listening.address().to_string();
    line["port"] = listening.port();
    line["pid"] = getpid();
    std::fputs((boost::json::serialize(line) + "\n").c_str(), stdout);
    std::fflush(stdout);
}

int serve_until_told(const origin::OriginSettings& settings) {
    EventLoop loop{"origin"};
    ThreadPoolOptions pool;
    pool.max_workers = 2;
    pool.name_prefix = "files";
    ThreadPoolExecutor files{pool};
    origin::Origin origin{loop.executor(), files, settings};
    const auto listening = origin.open();
    if (!listening) {
        return complain(listening.error().detail, exit_refused);
    }
    const auto serving = spawn(loop.executor(), origin.run());
    boost::asio::basic_signal_set<LoopExecutor> signals{loop.executor(), SIGINT, SIGTERM};
    signals.async_wait([&serving](boost::system::error_code error, int) {
        if (!error) {
            serving.cancel();
        }
    });
    print_ready(*listening);
    try {
        loop.run_until_complete(serving.join());
    } catch (const CancelledError&) {
        // somebody has told us
    }
    return exit_ok;
}

}  // namespace

void add_origin_options(CLI::App& verb, OriginOptions& options) {
    verb.add_option("--address", options.address, "Address to listen on")->capture_default_str();
    verb.add_option("--port", options.port, "Port; 0 picks a free one")->capture_default_str();
    verb.add_option("--dir", options.directory, "Directory to serve, else pages are made up");
    verb.add_option("--delay", options.delay, "How long /delay/ takes, or a range: 200ms-2s")
        ->capture_default_str();
    verb.add_option("--error-share", options.error_share, "Share of /error/ that fails, 0 to 1")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1.0));
    verb.add_option("--error-status", options.error_status, "What it fails with")
        ->capture_default_str()
        ->check(CLI::Range(400, 599));
    verb.add_option("--seed", options.seed, "Another seed, other delays and errors")
        ->capture_default_str();
    verb.add_flag("--list", options.list, "Explain what there is, and end");
    verb.add_flag("--json", options.json, "The zoo of --list as JSON");
}

int run_origin(const OriginOptions& options) {
    if (options.list) {
        std::puts(options.json ? origin::zoo_json().c_str() : origin::origin_help().c_str());
        return exit_ok;
    }
    origin::OriginSettings settings;
    settings.address = options.address;
    settings.port = options.port;
    settings.directory = options.directory;
    settings.error_share = options.error_share;
    settings.error_status = options.error_status;
    settings.seed = options.seed;
    if (!read_delay(options.delay, settings)) {
        return complain("--delay: \"" + options.delay + "\" is not 500ms or 200ms-2s", exit_usage);
    }
    std::error_code error;
    if (!options.directory.empty() && !std::filesystem::is_directory(options.directory, error)) {
        return complain("--dir: " + options.directory + " is not a directory", exit_usage);
    }
    std::signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    return serve_until_told(settings);
}

}  // namespace fanfetch
