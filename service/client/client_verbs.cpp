#include "client/client_verbs.hpp"

#include <CLI/CLI.hpp>

namespace fanfetch {
namespace {

void add_filter(CLI::App& verb, ItemFilter& filter) {
    verb.add_option("--state", filter.state, "Only items in these states, separated by commas");
    verb.add_option("--code", filter.code, "Only items with these error codes, such as http.*");
    verb.add_option("--host", filter.host, "Only items of this host: name or name:port");
}

const char* const job_help = "Id of the job";
const char* const jobs_help = "Ids of jobs";

}  // namespace

CLI::App& ClientVerbs::add(
    CLI::App& program, const char* name, const char* description, std::function<int()> run
) {
    auto* const verb = program.add_subcommand(name, description);
    verb->group("Against a server");
    add_client_options(*verb, client_);
    verbs_.emplace_back(verb, std::move(run));
    return *verb;
}

void ClientVerbs::add_submit(CLI::App& program) {
    auto& verb = add(program, "submit", "Submit a list of URLs and print the job's id", [this] {
        return run_submit(client_, submit_);
    });
    verb.add_option("url", submit_.urls, "What to fetch");
    verb.add_option(
        "-i,--input", submit_.input,
        "File with the list, - is standard input: a URL a line, NDJSON, JSON, CSV or TSV, perhaps "
        "as .gz or .zst"
    );
    verb.add_option("--format", submit_.format, "What the list is; auto goes by the file's name")
        ->check(CLI::IsMember(submit_formats()))
        ->capture_default_str();
    verb.add_option(
        "--options", submit_.options, "Options of the job as a JSON object, or @FILE with one"
    );
    verb.add_option(
        "--idempotency-key", submit_.idempotency_key,
        "Makes it safe to submit again after an answer was lost"
    );
    verb.add_flag("--open", submit_.open, "Keep the job open for more items");
    verb.add_flag("--wait", submit_.wait, "Wait until the job has ended");
}

void ClientVerbs::add_wait(CLI::App& program) {
    auto& verb = add(program, "wait", "Wait for jobs and show how far they are", [this] {
        return run_wait(client_, wait_);
    });
    verb.add_option("job", wait_.jobs, jobs_help)->required();
    verb.add_option(
            "--return-when", wait_.return_when,
            "all_completed, first_completed, first_exception or count:N: items of one job, or jobs"
    )
        ->capture_default_str();
    verb.add_option("--timeout", wait_.timeout, "Wait no longer than this, e.g. 30s, 5m");
}

void ClientVerbs::add_results(CLI::App& program) {
    auto& verb = add(program, "results", "Print the results of a job", [this] {
        return run_results(client_, results_);
    });
    verb.add_option("job", results_.job, job_help)->required();
    verb.add_flag("--follow", results_.follow, "Go on until the job has ended");
    verb.add_option("--order", results_.order, "In which order; completed with --follow")
        ->check(CLI::IsMember(std::vector<std::string>{"submitted", "completed"}));
    verb.add_option("--after", results_.after, "Only results behind this seq");
    add_filter(verb, results_.filter);
    verb.add_option("--fields", results_.fields, "Members to print, separated by commas");
    verb.add_option("--include", results_.include, "Also headers, attempts or body");
}

void ClientVerbs::add_events(CLI::App& program) {
    auto& verb = add(program, "events", "Print the events of a job as they happen", [this] {
        return run_events(client_, events_);
    });
    verb.add_option("job", events_.job, job_help)->required();
    verb.add_option("--after", events_.after, "Only events behind this seq");
    verb.add_flag("--progress-only", events_.progress_only, "Leave out the items");
}

void ClientVerbs::add_export(CLI::App& program) {
    auto& verb = add(program, "export", "Download everything a job has fetched", [this] {
        return run_export(client_, export_);
    });
    verb.add_option("job", export_.job, job_help)->required();
    verb.add_option(
        "-o,--output", export_.output,
        "File to write, - is standard output; by default the job's id with the format's ending"
    );
    verb.add_option("--format", export_.format, "By default that of the file's name, else ndjson")
        ->check(CLI::IsMember(export_formats()));
    add_filter(verb, export_.filter);
}

void ClientVerbs::add_control(CLI::App& program) {
    auto& status = add(program, "status", "Show jobs; without ids the newest ones", [this] {
        return run_status(client_, jobs_);
    });
    status.add_option("job", jobs_, jobs_help);

    auto& cancel = add(program, "cancel", "Cancel jobs", [this] {
        return run_cancel(client_, jobs_, drain_);
    });
    cancel.add_option("job", jobs_, jobs_help)->required();
    cancel.add_flag("--drain", drain_, "Let what is in flight end by itself");

    auto& retry = add(program, "retry", "Fetch failed items of jobs again, in place", [this] {
        return run_retry(client_, jobs_, retry_);
    });
    retry.add_option("job", jobs_, jobs_help)->required();
    const auto several = [](CLI::Option* option) {
        option->delimiter(',')->allow_extra_args(false);
    };
    several(retry.add_option("--state", retry_.states, "Items in these states; failed by default"));
    several(retry.add_option("--code", retry_.codes, "Items with these error codes"));
    several(retry.add_option("--index", retry_.indexes, "Items with these indexes"));
}

void ClientVerbs::add_to(CLI::App& program) {
    add_submit(program);
    add_control(program);
    add_wait(program);
    add_results(program);
    add_events(program);
    add_export(program);
}

std::optional<int> ClientVerbs::run() const {
    for (const auto& [verb, run] : verbs_) {
        if (verb->parsed()) {
            return run();
        }
    }
    return std::nullopt;
}

}  // namespace fanfetch
