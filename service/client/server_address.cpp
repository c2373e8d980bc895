#include "client/server_address.hpp"

#include "url/url.hpp"

namespace fanfetch {

Expected<ServerAddress> read_server_address(std::string_view text) {
    const std::string doing = "reading the address of the server: ";
    const auto url = Url::parse(text);
    if (!url) {
        const bool bare = text.find("://") == std::string_view::npos;
        return failed(
            failure_code::url_invalid,
            doing + (bare ? "it begins with http:// or https://" : url.error().detail)
        );
    }
    ServerAddress server;
    server.prefix = url->target();
    if (url->href().find_first_of("?#") != std::string::npos) {
        return failed(failure_code::url_invalid, doing + "it has no query and no fragment");
    }
    if (server.prefix.ends_with('/')) {
        server.prefix.pop_back();
    }
    server.https = url->https();
    server.host = url->host();
    server.port = url->port();
    server.host_header = url->host_header();
    return server;
}

std::string to_string(const ServerAddress& server) {
    return (server.https ? "https://" : "http://") + server.host_header + server.prefix;
}

}  // namespace fanfetch
