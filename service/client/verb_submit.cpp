#include "cli/command_line.hpp"
#include "client/interruption.hpp"
#include "client/verbs.hpp"
#include "client/waiting.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

namespace fanfetch {
namespace {

int usage(const std::string& wrong) {
    std::fprintf(stderr, "error: %s\n", terminal_text(wrong).c_str());
    return exit_usage;
}

/// "@FILE" stands for what is in it.
Expected<std::string> text_or_file(const std::string& text) {
    if (!text.starts_with('@')) {
        return text;
    }
    std::ifstream file{text.substr(1)};
    std::string content{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        return failed(
            failure_code::request_invalid, "reading " + text.substr(1) + ": it cannot be read"
        );
    }
    return content;
}

Expected<std::unique_ptr<BodySource>> body_of(const SubmitPlan& plan) {
    if (plan.form == submit_form::in_request) {
        return std::unique_ptr<BodySource>{};
    }
    auto input = file_body(plan.input);
    if (!input || plan.form == submit_form::as_it_is) {
        return input;
    }
    return plan.form == submit_form::options_before
               ? line_before(plan.options_line, std::move(*input))
               : list_as_ndjson(plan.options_line, std::move(*input));
}

}  // namespace

int run_submit(const ClientOptions& client, SubmitOptions options) {
    if (options.urls.empty() && !options.input && ::isatty(STDIN_FILENO) == 1) {
        return usage("there is nothing to submit: give URLs, or a file with --input");
    }
    auto text = text_or_file(options.options);
    if (!text) {
        return usage(text.error().detail);
    }
    options.options = std::move(*text);
    const auto plan = plan_submit(options);
    if (!plan) {
        return usage(plan.error().detail);
    }
    auto body = body_of(*plan);
    if (!body) {
        return usage(body.error().detail);
    }
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    const auto answer = session->ask("submitting", plan->request, body->get());
    if (!answer) {
        return exit_refused;
    }
    const auto job = read_job(answer->body);
    if (!job) {
        session->complain("submitting", job.error());
        return exit_refused;
    }
    // Scripts read the id alone; what waiting with --json prints has it too.
    const bool id_is_all = session->quiet() && !session->json();
    if (!options.wait || id_is_all) {
        session->print(whole_lines(session->json() ? answer->body : job->id));
    }
    if (!options.wait) {
        return session->ended(exit_ok);
    }
    session->say(job->id);  // so that it can be waited for elsewhere, should this be cut short
    const auto end = wait_for_jobs(*session, {job->id}, "all_completed", std::nullopt);
    if (!end) {
        return exit_refused;
    }
    return id_is_all ? ended_as(*session, *end) : conclude(*session, *end);
}

}  // namespace fanfetch
