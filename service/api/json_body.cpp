#include "api/json_body.hpp"

#include "api/context.hpp"
#include "api/json.hpp"
#include "model/json_member.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace fanfetch {
namespace {

awaitable<Expected<std::string>> read_json_text(
    const HttpRequest& request, RequestBody& body, std::uint64_t limit
) {
    const auto type = media_type_of(request);
    if (!type.empty() && type != "application/json") {
        co_return failed(
            failure_code::api_unsupported_media,
            "reading the body: application/json is wanted, not " + type
        );
    }
    auto text = co_await body.read_all(limit);
    co_return text;
}

}  // namespace

awaitable<Expected<boost::json::value>> read_json_body(HttpRequest& request, std::uint64_t limit) {
    auto document = co_await read_json_body(request, *request.body, limit);
    co_return document;
}

awaitable<Expected<boost::json::value>> read_json_body(
    const HttpRequest& request, RequestBody& body, std::uint64_t limit
) {
    const auto text = co_await read_json_text(request, body, limit);
    if (!text) {
        co_return text.error();
    }
    co_return parse_json(*text);
}

awaitable<Expected<boost::json::value>> read_json_object(
    HttpRequest& request, std::uint64_t limit
) {
    const auto text = co_await read_json_text(request, *request.body, limit);
    if (!text) {
        co_return text.error();
    }
    if (text->empty()) {
        co_return boost::json::value(boost::json::object{});
    }
    auto document = parse_json(*text);
    if (document && !document->is_object()) {
        co_return JsonMember{*document, ""}.unexpected("an object");
    }
    co_return document;
}

}  // namespace fanfetch
