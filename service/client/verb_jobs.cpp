#include "cli/command_line.hpp"
#include "client/interruption.hpp"
#include "client/job_view.hpp"
#include "client/verbs.hpp"
#include "client/waiting.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <cstdio>

namespace fanfetch {
namespace {

namespace json = boost::json;

/// As many as fit on a screen, or two.
constexpr std::uint64_t listed_jobs = 50;

/// The documents of a list, each as a text of its own.
Expected<std::vector<std::string>> jobs_of_list(const std::string& body) {
    json::error_code error;
    const auto list = json::parse(body, error);
    const auto* const object = error ? nullptr : list.if_object();
    const auto* const jobs = object == nullptr ? nullptr : object->if_contains("jobs");
    if (jobs == nullptr || !jobs->is_array()) {
        return failed(failure_code::http_malformed, "reading the answer: it is no list of jobs");
    }
    std::vector<std::string> documents;
    for (const auto& job : jobs->get_array()) {
        documents.push_back(json::serialize(job));
    }
    return documents;
}

/// Prints jobs: their documents, or a table of them.
int show_jobs(ClientSession& session, const std::vector<std::string>& documents) {
    std::vector<JobView> jobs;
    for (const auto& document : documents) {
        auto job = read_job(document);
        if (!job) {
            session.complain("looking up the jobs", job.error());
            return exit_refused;
        }
        jobs.push_back(std::move(*job));
        if (session.json()) {
            session.print(whole_lines(document));
        }
    }
    if (!session.json()) {
        session.print(job_table(jobs));
    }
    return session.ended(exit_ok);
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    return member != nullptr && member->is_int64() ? static_cast<std::uint64_t>(member->get_int64())
                                                   : 0;
}

/// "job_… cancelling: 12 items cancelled, 3 still in flight"
std::string cancel_line(const std::string& job, const std::string& body) {
    json::error_code error;
    const auto answer = json::parse(body, error);
    const auto* const object = error ? nullptr : answer.if_object();
    if (object == nullptr) {
        return job;
    }
    const auto* const state = object->if_contains("state");
    return fmt::format(
        "{} {}: {} items cancelled, {} still in flight", job,
        state != nullptr && state->is_string() ? terminal_text(state->get_string()) : "",
        number_of(*object, "cancelled"), number_of(*object, "left_running")
    );
}

}  // namespace

int run_status(const ClientOptions& client, const std::vector<std::string>& ids) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    if (ids.empty()) {
        const auto answer = session->ask("listing the jobs", jobs_request(listed_jobs));
        if (!answer) {
            return exit_refused;
        }
        const auto documents = jobs_of_list(answer->body);
        if (!documents) {
            session->complain("listing the jobs", documents.error());
            return exit_refused;
        }
        return show_jobs(*session, *documents);
    }
    std::vector<std::string> documents;
    for (const auto& id : ids) {
        auto answer = session->ask("looking up " + terminal_text(id), job_request(id));
        if (!answer) {
            return exit_refused;
        }
        documents.push_back(std::move(answer->body));
    }
    return show_jobs(*session, documents);
}

int run_wait(const ClientOptions& client, const WaitOptions& options) {
    const auto limit = parse_duration(options.timeout);
    const bool sensible = options.timeout.empty() || limit;
    if (!sensible || !WaitRule::parse(options.return_when)) {
        std::fprintf(
            stderr, "error: reading the arguments: %s\n",
            sensible ? "--return-when: all_completed, first_completed, first_exception or count:N"
                     : "--timeout: a duration such as 30s is wanted"
        );
        return exit_usage;
    }
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    const auto end = wait_for_jobs(*session, options.jobs, options.return_when, limit);
    return end ? conclude(*session, *end) : exit_refused;
}

int run_cancel(const ClientOptions& client, const std::vector<std::string>& jobs, bool drain) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    for (const auto& job : jobs) {
        const auto name = terminal_text(job);
        const auto answer = session->ask("cancelling " + name, cancel_request(job, drain));
        if (!answer) {
            return exit_refused;
        }
        session->print(whole_lines(session->json() ? answer->body : cancel_line(name, answer->body))
        );
    }
    return session->ended(exit_ok);
}

int run_retry(
    const ClientOptions& client, const std::vector<std::string>& jobs, const RetryOrder& options
) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    for (const auto& id : jobs) {
        const auto answer =
            session->ask("retrying " + terminal_text(id), retry_request(id, options));
        if (!answer) {
            return exit_refused;
        }
        const auto job = read_job(answer->body);
        session->print(whole_lines(session->json() || !job ? answer->body : job_line(*job)));
    }
    return session->ended(exit_ok);
}

}  // namespace fanfetch
