#pragma once

#include "api/submission.hpp"
#include "api/upload_body.hpp"
#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "model/item.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Where the items of a submission go, in order.
class ItemSink {
public:
    virtual ~ItemSink() = default;

    /// Takes some; called at least once, perhaps without any. `whole`: it is all there will be.
    ///
    /// Errors  whatever ends the submission
    virtual awaitable<Expected<void>> put(
        const JobOptions& options, std::vector<Item> items, bool whole
    ) = 0;
};

/// How a submission is read.
struct SubmissionForm {
    std::string media_type;
    SubmissionContext context;
    std::uint64_t longest_json = 8U << 20U;
    bool items_only = false;  ///< the options are those of `context`, and none may be given
};

/// Reads a submission into `sink`, a chunk at a time: JSON when all of it is there, everything else
/// as it comes.
///
/// Errors   api_unsupported_media, what UploadBody, the parsers and the sink say
/// Threads  the session's shard
awaitable<Expected<void>> read_submission(UploadBody& body, SubmissionForm form, ItemSink& sink);

}  // namespace fanfetch
