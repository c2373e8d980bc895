#pragma once

#include "client/client_session.hpp"
#include "client/job_view.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// How waiting ended.
struct WaitEnd {
    std::vector<JobView> jobs;           ///< as they are now
    std::vector<std::string> documents;  ///< the same as the service has them
    bool enough = false;                 ///< false: the time was up before
};

/// Waits for jobs and shows how far they are: a bar on a terminal, else a line now and then, with
/// `quiet` nothing. The server may be gone for a while.
///
/// Errors   none is returned: what went wrong has been said
[[nodiscard]] std::optional<WaitEnd> wait_for_jobs(
    ClientSession& session, const std::vector<std::string>& jobs, const std::string& return_when,
    std::optional<std::chrono::milliseconds> limit
);

/// What the program ends with; says when the time was up.
[[nodiscard]] int ended_as(ClientSession& session, const WaitEnd& end);

/// The same, and prints how the jobs are.
[[nodiscard]] int conclude(ClientSession& session, const WaitEnd& end);

}  // namespace fanfetch
