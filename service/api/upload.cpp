#include "api/upload.hpp"

#include "api/line_reader.hpp"
#include "api/submission.hpp"
#include "model/retry_policy.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// A chunk is one transaction's share: large enough to be cheap, small enough to start early.
constexpr std::size_t chunk_items = 2048;

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

class Receiver {
public:
    Receiver(HttpRequest& request, const ApiContext& context, UploadOrder order, LoopExecutor loop)
        : request_{request}, context_{context}, order_{order}, loop_{loop} {}

    awaitable<Expected<std::shared_ptr<Job>>> run();

private:
    awaitable<Expected<void>> take_json();
    awaitable<Expected<void>> take_lines(line_format format);
    awaitable<Expected<void>> feed(LineReader& reader, std::string_view piece);
    awaitable<Expected<void>> put(const JobOptions& options, std::vector<Item> items, bool whole);
    [[nodiscard]] SubmissionContext submission() const;

    HttpRequest& request_;
    const ApiContext& context_;
    UploadOrder order_;
    LoopExecutor loop_;
    std::optional<JobUpload> upload_;
    std::vector<Item> pending_;
};

awaitable<Expected<std::shared_ptr<Job>>> Receiver::run() {
    const auto type = media_type_of(request_);
    Expected<void> taken;
    if (type == "application/json") {
        taken = co_await take_json();
    } else if (type == "text/plain") {
        taken = co_await take_lines(line_format::text);
    } else if (type == "application/x-ndjson" || type == "application/ndjson") {
        taken = co_await take_lines(line_format::ndjson);
    } else {
        co_return failed(
            failure_code::api_unsupported_media,
            "reading the body: application/json, application/x-ndjson or text/plain is wanted"
        );
    }
    if (taken) {
        taken = co_await upload_->seal();
    }
    if (!taken) {
        if (upload_) {
            upload_->abort(reason_of(taken.error().code));
        }
        co_return taken.error();
    }
    co_return upload_->job();
}

SubmissionContext Receiver::submission() const {
    SubmissionContext context;
    context.limits.options = option_limits_of(request_, context_);
    context.limits.max_items =
        std::min(order_.max_items, context_.settings->limits.max_items_per_job);
    context.options = default_job_options(*context_.settings);
    context.now = context_.clock->wall();
    return context;
}

awaitable<Expected<void>> Receiver::take_json() {
    auto body = co_await request_.body->read_all(context_.settings->limits.max_json_body.bytes);
    if (!body) {
        co_return body.error();
    }
    auto parsed = parse_submission(*body, submission());
    if (!parsed) {
        co_return parsed.error();
    }
    body->clear();
    body->shrink_to_fit();
    auto& items = parsed->items;
    if (items.size() <= chunk_items) {
        auto stored = co_await put(parsed->options, std::move(items), true);
        co_return stored;
    }
    for (std::size_t from = 0; from < items.size(); from += chunk_items) {
        const auto to = std::min(items.size(), from + chunk_items);
        const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(to);
        std::vector<Item> chunk{std::make_move_iterator(begin), std::make_move_iterator(end)};
        auto stored = co_await put(parsed->options, std::move(chunk), false);
        if (!stored) {
            co_return stored.error();
        }
    }
    co_return Expected<void>{};
}

awaitable<Expected<void>> Receiver::take_lines(line_format format) {
    LineReader reader{format, submission()};
    for (;;) {
        const auto piece = co_await request_.body->next();
        if (!piece) {
            co_return piece.error();
        }
        const bool last = piece->empty();
        auto read = last ? reader.finish(pending_) : reader.feed(*piece, pending_);
        if (!read) {
            co_return read.error();
        }
        // What a piece brought is appended at once: a client that pauses has its items fetched
        // meanwhile, and the store groups what comes fast.
        if (last || !pending_.empty()) {
            auto items = std::exchange(pending_, {});
            const bool whole = last && !upload_;
            auto stored = co_await put(reader.options(), std::move(items), whole);
            if (!stored) {
                co_return stored.error();
            }
        }
        if (last) {
            co_return Expected<void>{};
        }
    }
}

/// Appends a chunk, to a new job when it is the first. `whole`: it is all there will be.
awaitable<Expected<void>> Receiver::put(
    const JobOptions& options, std::vector<Item> items, bool whole
) {
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

}  // namespace

awaitable<Expected<std::shared_ptr<Job>>> receive_job(
    HttpRequest& request, const ApiContext& context, UploadOrder order
) {
    const auto coding = header_of(request, http::field::content_encoding);
    if (!coding.empty() && coding != "identity") {
        co_return failed(
            failure_code::api_unsupported_media, "reading the body: send it without a coding"
        );
    }
    if (request.headers.find("Idempotency-Key") != request.headers.end()) {
        // Silence would let a client believe that a repeated submit is harmless.
        co_return failed(
            failure_code::api_not_implemented,
            "reading the header: Idempotency-Key is not supported by this version"
        );
    }
    const LoopExecutor loop = co_await asio::this_coro::executor;
    Receiver receiver{request, context, order, loop};
    auto job = co_await receiver.run();
    co_return job;
}

}  // namespace fanfetch
