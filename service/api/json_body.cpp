#include "api/json_body.hpp"

#include "api/context.hpp"
#include "api/json.hpp"

namespace fanfetch {

awaitable<Expected<boost::json::value>> read_json_body(HttpRequest& request, std::uint64_t limit) {
    const auto type = media_type_of(request);
    if (!type.empty() && type != "application/json") {
        co_return failed(
            failure_code::api_unsupported_media, "reading the body: application/json is wanted"
        );
    }
    const auto body = co_await request.body->read_all(limit);
    if (!body) {
        co_return body.error();
    }
    co_return parse_json(*body);
}

}  // namespace fanfetch
