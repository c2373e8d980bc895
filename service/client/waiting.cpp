#include "client/waiting.hpp"

#include "batch/progress_bar.hpp"
#include "cli/command_line.hpp"
#include "cli/get_report.hpp"
#include "client/read_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds bar_interval{250};
constexpr milliseconds line_interval{5'000};
/// So that many jobs are not looked at all the time.
constexpr milliseconds interval_per_job{10};

class Waiting {
public:
    Waiting(
        ClientSession& session, const std::vector<std::string>& jobs,
        const std::string& return_when, std::optional<milliseconds> limit
    )
        : session_{session},
          ids_{jobs},
          return_when_{return_when},
          rule_{WaitRule::parse(return_when).value_or(WaitRule{})},
          deadline_{limit ? saturating_add(Steady::now(), *limit) : Steady::time_point::max()} {}
    ~Waiting() { report_.end_progress(); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    std::optional<WaitEnd> run();

private:
    bool look();
    bool take(const ApiAnswer& answer);
    bool wait_a_round();
    void show();
    [[nodiscard]] milliseconds round() const;

    ClientSession& session_;
    const std::vector<std::string>& ids_;
    const std::string& return_when_;
    WaitRule rule_;
    Steady::time_point deadline_;
    const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    ProgressCounter counter_;
    GetReport report_{{.json = false, .quiet = false, .terminal = terminal_}, counter_};
    ProgressMeter meter_{Steady::now()};
    Steady::time_point next_line_ = Steady::now() + line_interval;
    WaitEnd end_;
};

std::optional<WaitEnd> Waiting::run() {
    for (;;) {
        if (!look()) {
            return std::nullopt;
        }
        end_.enough = waited_enough(rule_, end_.jobs);
        show();
        if (end_.enough || Steady::now() >= deadline_) {
            return std::move(end_);
        }
        if (!wait_a_round()) {
            return std::nullopt;
        }
    }
}

/// Asks for every job. Of a single one the last wait has told already.
bool Waiting::look() {
    if (ids_.size() == 1 && !end_.jobs.empty()) {
        return true;
    }
    end_.jobs.clear();
    end_.documents.clear();
    for (const auto& id : ids_) {
        const auto answer = session_.ask_again_and_again("looking up " + id, job_request(id));
        if (!answer || !take(*answer)) {
            return false;
        }
    }
    return true;
}

bool Waiting::take(const ApiAnswer& answer) {
    auto job = read_job(answer.body);
    if (!job) {
        session_.complain("looking up a job", job.error());
        return false;
    }
    end_.jobs.push_back(std::move(*job));
    end_.documents.push_back(answer.body);
    return true;
}

milliseconds Waiting::round() const {
    const auto interval = terminal_ && !session_.quiet() ? bar_interval : line_interval;
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Steady::now());
    const auto many = interval_per_job * static_cast<long>(ids_.size());
    return std::clamp(left, milliseconds{1}, std::max(interval, many));
}

bool Waiting::wait_a_round() {
    if (ids_.size() > 1) {
        const auto request = jobs_wait_request(ids_, return_when_, round());
        return session_.ask_again_and_again("waiting for the jobs", request).has_value();
    }
    const auto request = job_wait_request(ids_.front(), return_when_, round());
    const auto answer = session_.ask_again_and_again("waiting for " + ids_.front(), request);
    end_.jobs.clear();
    end_.documents.clear();
    return answer && take(*answer);
}

void Waiting::show() {
    if (session_.quiet()) {
        return;
    }
    const auto now = Steady::now();
    if (!terminal_ && now < next_line_) {
        return;
    }
    next_line_ = now + line_interval;
    const auto counts = progress_of(end_.jobs);
    if (end_.enough) {
        report_.show(meter_.final_state(counts, now));
    } else if (const auto progress = meter_.update(counts, now)) {
        report_.show(*progress);
    }
}

}  // namespace

std::optional<WaitEnd> wait_for_jobs(
    ClientSession& session, const std::vector<std::string>& jobs, const std::string& return_when,
    std::optional<milliseconds> limit
) {
    // Twice the same is once, as with POST /v1/wait.
    std::vector<std::string> unique;
    for (const auto& job : jobs) {
        if (std::ranges::find(unique, job) == unique.end()) {
            unique.push_back(job);
        }
    }
    return Waiting{session, unique, return_when, limit}.run();
}

int ended_as(ClientSession& session, const WaitEnd& end) {
    if (!end.enough) {
        session.say("the time is up, and not everything has ended");
        return session.ended(exit_some_failed);
    }
    const bool fine = std::ranges::all_of(end.jobs, [](const JobView& job) {
        return job.done ? job.fine() : !job.exception();
    });
    return session.ended(fine ? exit_ok : exit_some_failed);
}

int conclude(ClientSession& session, const WaitEnd& end) {
    for (std::size_t place = 0; place < end.jobs.size(); ++place) {
        session.print(whole_lines(session.json() ? end.documents[place] : job_line(end.jobs[place]))
        );
    }
    return ended_as(session, end);
}

}  // namespace fanfetch
