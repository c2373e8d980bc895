#include "cli/get.hpp"

#include "base/time.hpp"
#include "batch/progress_reporter.hpp"
#include "cli/get_batch.hpp"
#include "cli/get_ends.hpp"
#include "cli/get_origins.hpp"
#include "cli/many_files.hpp"
#include "coro/event_loop.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/errors.hpp"

#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

void complain(const std::string& error) {
    std::fprintf(stderr, "error: %s\n", error.c_str());
}

ThreadPoolOptions pool_of(int workers, std::string name) {
    ThreadPoolOptions options;
    options.max_workers = workers;
    options.name_prefix = std::move(name);
    return options;
}

/// Whether whoever started us wants us not to hear a signal, as nohup does.
bool ignored(int signal) {
    struct sigaction current {};
    return ::sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_IGN;
}

/// Cancels the batch at the first signal. At the second the program ends the system's own way.
class Interruption {
public:
    Interruption(LoopExecutor loop, GetBatch& batch, Task<> task)
        : signals_{loop, SIGINT, SIGTERM}, batch_{batch}, task_{std::move(task)} {
        if (!ignored(SIGHUP)) {
            signals_.add(SIGHUP);
        }
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (!error) {
                interrupt();
            }
        });
    }
    [[nodiscard]] bool happened() const noexcept { return happened_; }

private:
    void interrupt() {
        happened_ = true;
        batch_.stop();
        task_.cancel();
        signals_.clear();
    }

    boost::asio::basic_signal_set<LoopExecutor> signals_;
    GetBatch& batch_;
    Task<> task_;
    bool happened_ = false;
};

/// Runs the batch to its end on this thread; true when it was interrupted.
bool run_batch(EventLoop& loop, GetBatch& batch) {
    const auto task = spawn(loop.executor(), batch.run());
    const Interruption interruption{loop.executor(), batch, task};
    try {
        loop.run_until_complete(task.join());
    } catch (const CancelledError&) {
        return true;
    } catch (...) {
        batch.stop();  // a bug; the input must not keep the program from ending with it
        throw;
    }
    return interruption.happened();
}

/// The same, with everything that was begun; every file that will be there is there.
bool run_to_the_end(EventLoop& loop, GetBatch& batch, Executor& reader, Executor& disk) {
    const bool interrupted = run_batch(loop, batch);
    reader.shutdown();
    disk.shutdown();
    return interrupted;
}

GetReport::Style style_of(const GetPlan& plan) {
    return {.json = plan.json, .quiet = plan.quiet, .terminal = ::isatty(STDERR_FILENO) == 1};
}

/// Tells how far the batch is while this lives: at once on a terminal, now and then in a log.
class ShownProgress {
public:
    ShownProgress(const GetPlan& plan, const ProgressCounter& counter, GetReport& report)
        : report_{report} {
        if (plan.quiet) {
            return;
        }
        const auto interval = style_of(plan).terminal ? ProgressMeter::shortest_interval : 5s;
        reporter_.emplace(counter, interval, [&report](const Progress& now) { report.show(now); });
    }
    ~ShownProgress() {
        reporter_.reset();
        report_.end_progress();
    }
    ShownProgress(const ShownProgress&) = delete;
    ShownProgress& operator=(const ShownProgress&) = delete;

private:
    GetReport& report_;
    std::optional<ProgressReporter> reporter_;
};

/// What is left of the items never came to an end of its own.
BatchCounts with_cancelled(BatchCounts counts, std::uint64_t items) {
    counts.cancelled = items - std::min(items, counts.total());
    return counts;
}

/// Puts the parts together, runs them, and says how it went.
int fetch_all(const GetPlan& plan, GetEnds& ends, ProgressCounter& progress) {
    GetReport report{style_of(plan), progress};
    EventLoop loop{"get"};
    ThreadPoolExecutor reader{pool_of(1, "input")};
    ThreadPoolExecutor disk{pool_of(4, "disk")};
    auto origins = GetOrigins::make(loop.executor(), plan, *ends.directory, disk);
    if (!origins) {
        complain(origins.error().detail);
        return exit_usage;
    }
    GetSink sink{{
        .directory = ends.directory.get(),
        .warc = ends.warc.get(),
        .files = plan.directory.has_value(),
        .report = &report,
        .progress = &progress,
    }};
    FastRandom random;
    GetBatch batch{{
        .plan = &plan,
        .input = ends.input ? &*ends.input : nullptr,
        .fetcher = &(*origins)->fetcher(),
        .sink = &sink,
        .progress = &progress,
        .disk = &disk,
        .reader = &reader,
        .random = &random,
        .clock = &system_clock(),
    }};

    const auto started = Steady::now();
    std::optional<ShownProgress> shown{std::in_place, plan, progress, report};
    const bool interrupted = run_to_the_end(loop, batch, reader, disk);
    shown.reset();
    auto archived = ends.warc ? ends.warc->finish() : Expected<void>{};
    const auto counts = with_cancelled(report.counts(), batch.items());
    report.summary(
        counts, std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - started)
    );
    if (!archived) {
        complain(archived.error().detail);
    }
    const auto code = exit_code_of(counts, interrupted);
    const bool incomplete = !archived || !report.complete();
    return code == exit_ok && incomplete ? exit_some_failed : code;
}

}  // namespace

int get(const GetOptions& options) {
    const auto planning = plan_get(options);
    for (const auto& error : planning.errors) {
        complain(error);
    }
    if (!planning.errors.empty()) {
        return exit_usage;
    }
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go; the files are still wanted
    allow_many_files();
    ProgressCounter progress;
    ProgressCounter archived;  // not shown: its bytes have been counted as they came
    auto ends = open_ends(planning.plan, progress, archived);
    if (!ends) {
        complain(ends.error().detail);
        return exit_usage;
    }
    return fetch_all(planning.plan, *ends, progress);
}

}  // namespace fanfetch
