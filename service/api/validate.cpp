#include "api/validate.hpp"

#include "api/submission_stream.hpp"
#include "api/upload.hpp"
#include "api/validation.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"

#include <optional>
#include <utility>

namespace fanfetch {
namespace {

/// Looks at the items in the blocking pool: judging and digesting a chunk takes some milliseconds.
class Inspector final : public ItemSink {
public:
    Inspector(const ApiContext& context, const std::string& tenant)
        : context_{context}, rules_{context.egress->rules_of(tenant)} {}

    awaitable<Expected<void>> put(const JobOptions& options, std::vector<Item> items, bool)
        override {
        if (!validation_) {
            validation_ = std::make_shared<Validation>(options.fetch, rules_);
        }
        // Shared with the worker, which may outlive this coroutine when the service stops.
        auto look = [validation = validation_, items = std::move(items)] {
            for (const auto& item : items) {
                validation->take(item);
            }
            return true;
        };
        co_await run_in_executor(context_.jobs->blocking(), std::move(look));
        co_return Expected<void>{};
    }

    [[nodiscard]] std::string text() const { return validation_->text(); }

private:
    const ApiContext& context_;
    std::shared_ptr<const EgressRules> rules_;
    std::shared_ptr<Validation> validation_;
};

}  // namespace

void ValidateApi::add_routes(Routes& routes) {
    routes.add(http::verb::post, "/v1/validate", scope::submit, [this](HttpRequest& request) {
        return validate(request);
    });
}

awaitable<HttpReply> ValidateApi::validate(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    auto body = UploadBody::open(request);
    if (!body) {
        co_return upload_problem(request, body.error());
    }
    Inspector inspector{context_, tenant_of(request)};
    const auto read = co_await read_submission(*body, form_of(request, context_), inspector);
    if (!read) {
        co_return upload_problem(request, read.error());
    }
    co_return json_reply(http::status::ok, inspector.text());
}

}  // namespace fanfetch
