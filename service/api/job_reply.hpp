#pragma once

#include "api/context.hpp"

#include <string>

namespace fanfetch {

/// The text of a job and a strong validator of it, made once for each snapshot.
[[nodiscard]] const Rendering::Text& shown(const JobSnapshot& job);

/// How long a client that polls may wait before it asks again, in seconds.
[[nodiscard]] std::string poll_hint(const JobSnapshot& job);

/// A job as the answer to a request about it, with that hint while it is not done.
[[nodiscard]] HttpReply job_reply(http::status status, const JobSnapshot& job);

}  // namespace fanfetch
