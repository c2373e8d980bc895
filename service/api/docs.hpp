#pragma once

#include "api/context.hpp"

#include <string>

namespace fanfetch {

/// The contract as a page to read: made of the OpenAPI document and the table of codes, without a
/// script and without anything from elsewhere.
class DocsApi {
public:
    DocsApi();

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> page(HttpRequest& request);
    awaitable<HttpReply> style(HttpRequest& request);

    std::string page_;
};

/// The page of an OpenAPI document. What it says is escaped.
[[nodiscard]] std::string docs_page(std::string_view openapi);

}  // namespace fanfetch
