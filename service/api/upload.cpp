#include "api/upload.hpp"

#include "model/retry_policy.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// How long a gather may be and still count as somebody waiting at a keyboard.
constexpr std::size_t interactive_items = 100;

/// Whether fetching may begin before the submit is durable: only what may be done twice.
bool all_safe(const JobOptions& options, const std::vector<Item>& items) {
    return safe(options.fetch.method) && std::ranges::all_of(items, [](const Item& item) {
               return item.extras.find("\"method\"") == std::string::npos;
           });
}

/// Which reason the end of a broken upload has, and with it its items.
state_reason reason_of(failure_code code) {
    const bool limited = code == failure_code::job_too_many_items ||
                         code == failure_code::queue_full || code == failure_code::disk_low ||
                         code == failure_code::quota_exceeded ||
                         code == failure_code::store_unavailable;
    return limited ? state_reason::quota : state_reason::upload_aborted;
}

/// Puts items into a new job, which begins with the first of them.
class NewJob final : public ItemSink {
public:
    NewJob(
        const HttpRequest& request, const ApiContext& context, const UploadOrder& order,
        LoopExecutor loop
    )
        : request_{request}, context_{context}, order_{order}, loop_{loop} {}

    awaitable<Expected<void>> put(const JobOptions& options, std::vector<Item> items, bool whole)
        override {
        if (!upload_) {
            auto chosen = options;
            bool early = false;
            if (order_.interactive && whole && items.size() <= interactive_items) {
                chosen.lane = job_lane::interactive;
                early = all_safe(chosen, items);
            }
            auto begun = context_.jobs->begin(std::move(chosen), tenant_of(request_), loop_, early);
            if (!begun) {
                co_return begun.error();
            }
            upload_.emplace(std::move(*begun));
        }
        auto added = co_await upload_->add(std::move(items));
        co_return added;
    }

    [[nodiscard]] std::optional<JobUpload>& upload() noexcept { return upload_; }

private:
    const HttpRequest& request_;
    const ApiContext& context_;
    const UploadOrder& order_;
    LoopExecutor loop_;
    std::optional<JobUpload> upload_;
};

/// Puts items into a job that is there.
class OpenJobItems final : public ItemSink {
public:
    explicit OpenJobItems(JobUpload& upload) : upload_{upload} {}

    awaitable<Expected<void>> put(const JobOptions&, std::vector<Item> items, bool) override {
        auto added = co_await upload_.add(std::move(items));
        co_return added;
    }

private:
    JobUpload& upload_;
};

/// Gathers items that are to be there all at once or not at all.
class GatheredItems final : public ItemSink {
public:
    awaitable<Expected<void>> put(const JobOptions&, std::vector<Item> items, bool) override {
        if (items_.size() + items.size() > most_keyed_items) {
            co_return failed(
                failure_code::api_body_too_large, "appending with an Idempotency-Key: more than " +
                                                      std::to_string(most_keyed_items) +
                                                      " items at once"
            );
        }
        std::ranges::move(items, std::back_inserter(items_));
        co_return Expected<void>{};
    }

    [[nodiscard]] std::vector<Item> take() { return std::move(items_); }

private:
    std::vector<Item> items_;
};

/// The key that is remembered with what the request has made.
std::optional<RequestKey> key_of(
    const HttpRequest& request, const ApiContext& context, const std::optional<std::string>& text,
    UploadBody& body, const std::string& job_id
) {
    if (!text) {
        return std::nullopt;
    }
    RequestKey key;
    key.tenant = tenant_of(request);
    key.key = *text;
    key.digest = body.digest();
    key.job_id = job_id;
    key.created_at = context.clock->wall();
    return key;
}

/// Appends with a key: in one step once all of it is there.
awaitable<Expected<void>> append_whole(
    const HttpRequest& request, const ApiContext& context, const std::optional<std::string>& text,
    UploadBody& body, SubmissionForm form, JobUpload& upload
) {
    body.begin_digest();
    body.limit(form.longest_json);
    GatheredItems gathered;
    const auto read = co_await read_submission(body, std::move(form), gathered);
    if (!read) {
        co_return read.error();
    }
    auto key = key_of(request, context, text, body, upload.job()->id());
    auto added = co_await upload.add(gathered.take(), std::move(key));
    co_return added;
}

}  // namespace

SubmissionForm form_of(const HttpRequest& request, const ApiContext& context) {
    SubmissionForm form;
    form.media_type = media_type_of(request);
    form.longest_json = context.settings->limits.max_json_body.bytes;
    form.context.limits.options = option_limits_of(request, context);
    form.context.limits.max_items = context.settings->limits.max_items_per_job;
    form.context.options = default_job_options(*context.settings);
    form.context.now = context.clock->wall();
    return form;
}

awaitable<Expected<std::shared_ptr<Job>>> receive_job(
    HttpRequest& request, const ApiContext& context, UploadOrder order
) {
    auto body = UploadBody::open(request);
    if (!body) {
        co_return body.error();
    }
    if (order.key) {
        body->begin_digest();
    }
    auto form = form_of(request, context);
    form.context.limits.max_items = std::min(order.max_items, form.context.limits.max_items);
    form.context.may_be_empty = !order.sealed;
    const LoopExecutor loop = co_await asio::this_coro::executor;
    NewJob job{request, context, order, loop};
    auto taken = co_await read_submission(*body, std::move(form), job);
    auto& upload = job.upload();
    if (taken) {
        auto key = key_of(request, context, order.key, *body, upload->job()->id());
        if (key && order.repeated && *order.repeated != key->digest) {
            taken = failed(
                failure_code::idempotency_mismatch,
                "reading the Idempotency-Key: it was used for another request"
            );
        } else if (order.sealed) {
            taken = co_await upload->seal(std::move(key));
        } else {
            taken = co_await upload->leave_open(std::move(key));
        }
    }
    if (!taken) {
        if (upload) {
            upload->abort(reason_of(taken.error().code));
        }
        co_return taken.error();
    }
    co_return upload->job();
}

awaitable<Expected<std::shared_ptr<Job>>> append_items(
    HttpRequest& request, const ApiContext& context, std::optional<std::string> key
) {
    auto upload =
        co_await context.jobs->append(request.path_parameters.at("id"), tenant_of(request));
    if (!upload) {
        co_return upload.error();
    }
    auto body = UploadBody::open(request);
    if (!body) {
        co_return body.error();
    }
    const auto& job = upload->job();
    auto form = form_of(request, context);
    form.context.options = job->options();
    form.context.first_index = job->snapshot()->record.total;
    form.context.may_be_empty = true;
    form.items_only = true;
    Expected<void> taken;
    if (key) {
        taken = co_await append_whole(request, context, key, *body, std::move(form), *upload);
    } else {
        OpenJobItems sink{*upload};
        taken = co_await read_submission(*body, std::move(form), sink);
    }
    // Also when it broke off: what came before is said to be there only when it is durable.
    auto settled = co_await upload->settle();
    if (!taken || !settled) {
        co_return taken ? settled.error() : taken.error();
    }
    co_return job;
}

HttpReply upload_problem(const HttpRequest& request, const Failure& failure) {
    auto reply = problem_reply(failure);
    const bool coded = !header_of(request, http::field::content_encoding).empty();
    if (failure.code == failure_code::api_unsupported_media && coded) {
        reply.set("Accept-Encoding", "gzip, zstd");  // RFC 9110 §12.5.3
    }
    return reply;
}

}  // namespace fanfetch
