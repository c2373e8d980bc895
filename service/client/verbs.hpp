#pragma once

#include "client/client_options.hpp"
#include "client/read_plan.hpp"
#include "client/submit_plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// What is waited for.
struct WaitOptions {
    std::vector<std::string> jobs;
    std::string return_when = "all_completed";
    std::string timeout;  ///< empty: for ever
};

// The verbs against a server. Each returns the exit code: 0, 1 when items failed (of verbs that
// wait) or output was lost, 2 for arguments that make no sense, 3 when the server could not be
// reached or refused.

int run_submit(const ClientOptions& client, SubmitOptions options);
int run_status(const ClientOptions& client, const std::vector<std::string>& jobs);
int run_wait(const ClientOptions& client, const WaitOptions& options);
int run_results(const ClientOptions& client, const ResultsOptions& options);
int run_events(const ClientOptions& client, const EventsOptions& options);
int run_export(const ClientOptions& client, const ExportOptions& options);
int run_cancel(const ClientOptions& client, const std::vector<std::string>& jobs, bool drain);
int run_retry(
    const ClientOptions& client, const std::vector<std::string>& jobs, const RetryOrder& options
);

}  // namespace fanfetch
