#pragma once

#include "api/context.hpp"
#include "model/callback.hpp"

#include <string>
#include <vector>

namespace fanfetch {

/// The webhooks of a job: add, list, remove.
class CallbacksApi {
public:
    explicit CallbacksApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> add(HttpRequest& request);
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> remove(HttpRequest& request);

    ApiContext& context_;
};

/// Whether a secret that we have made is shown: in the answer that makes the callback, and nowhere
/// else. A secret of the caller's own never is.
enum class made_secret : std::uint8_t { hidden, shown };

/// Callbacks as the API shows them. Of header fields only the names are shown.
[[nodiscard]] std::string callbacks_json(
    const std::vector<CallbackRecord>& callbacks, made_secret shown
);

}  // namespace fanfetch
