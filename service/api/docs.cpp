#include "api/docs.hpp"

#include "api/openapi.hpp"
#include "base/failure.hpp"

#include <boost/json.hpp>

#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

/// Nothing runs, nothing is loaded but our own style sheet, nobody may frame it.
constexpr std::string_view policy =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

constexpr std::string_view sheet = R"(:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #8886; }
h3 { margin-top: 2rem; }
.method { text-transform: uppercase; font-weight: 700; }
:target { background: #fd06; }
)";

/// Past the largest number of a failure_code.
constexpr std::uint16_t codes_end = 1000;

void append_escaped(std::string& out, std::string_view text) {
    for (const char byte : text) {
        switch (byte) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += byte;
        }
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const auto* const value = object.if_contains(name);
    const auto* const text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{*text};
}

const json::object* object_of(const json::object& object, std::string_view name) {
    const auto* const value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

/// JSON with a line for each member.
void append_pretty(std::string& out, const json::value& value, std::size_t depth = 0) {
    const auto line = [&out](std::size_t indent) { out.append("\n").append(2 * indent, ' '); };
    if (const auto* const object = value.if_object(); object != nullptr && !object->empty()) {
        out += '{';
        for (const auto& entry : *object) {
            out += out.back() == '{' ? "" : ",";
            line(depth + 1);
            out += json::serialize(json::string{entry.key()}) + ": ";
            append_pretty(out, entry.value(), depth + 1);
        }
        line(depth);
        out += '}';
        return;
    }
    out += json::serialize(value);
}

void append_json(std::string& out, std::string_view title, const json::value& value) {
    std::string text;
    append_pretty(text, value);
    out.append("<p>").append(title).append("</p>\n<pre>");
    append_escaped(out, text);
    out += "</pre>\n";
}

void append_parameters(std::string& out, const json::object& holder) {
    const auto* const list = holder.if_contains("parameters");
    if (list == nullptr || !list->is_array() || list->get_array().empty()) {
        return;
    }
    out += "<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>\n";
    for (const auto& value : list->get_array()) {
        const auto& parameter = value.get_object();
        const auto* const schema = parameter.if_contains("schema");
        out += "<tr><td><code>" + escaped(text_of(parameter, "name")) + "</code></td><td>" +
               escaped(text_of(parameter, "in")) + "</td><td><code>" +
               escaped(schema == nullptr ? "" : json::serialize(*schema)) + "</code></td><td>" +
               escaped(text_of(parameter, "description")) + "</td></tr>\n";
    }
    out += "</table>\n";
}

void append_content(std::string& out, std::string_view what, const json::object& holder) {
    const auto* const content = object_of(holder, "content");
    if (content == nullptr) {
        return;
    }
    for (const auto& entry : *content) {
        const auto title = std::string{what} + " <code>" + escaped(entry.key()) + "</code>";
        const auto& kind = entry.value().get_object();
        if (const auto* const schema = kind.if_contains("schema")) {
            append_json(out, title, *schema);
        }
        if (const auto* const example = kind.if_contains("example")) {
            append_json(out, "For example", *example);
        }
    }
}

void append_operation(
    std::string& out, std::string_view path, std::string_view method, const json::object& operation
) {
    out += "<h3 id=\"" + escaped(text_of(operation, "operationId")) + "\"><span class=\"method\">" +
           escaped(method) + "</span> <code>" + escaped(path) + "</code></h3>\n<p>" +
           escaped(text_of(operation, "summary")) + "</p>\n";
    if (const auto description = text_of(operation, "description"); !description.empty()) {
        out += "<p>" + escaped(description) + "</p>\n";
    }
    append_parameters(out, operation);
    if (const auto* const body = object_of(operation, "requestBody")) {
        append_content(out, "Body", *body);
    }
    const auto* const responses = object_of(operation, "responses");
    if (responses == nullptr) {
        return;
    }
    for (const auto& entry : *responses) {
        const auto* const response = entry.value().if_object();
        if (response == nullptr || response->contains("$ref")) {
            continue;
        }
        out += "<p><strong>" + escaped(entry.key()) + "</strong> " +
               escaped(text_of(*response, "description")) + "</p>\n";
        append_content(out, "Answer", *response);
    }
}

void append_codes(std::string& out) {
    out += "<h2>Codes</h2>\n<table><tr><th>Code</th><th>Status</th><th></th></tr>\n";
    for (std::uint16_t number = 1; number < codes_end; ++number) {
        const auto code = static_cast<failure_code>(number);
        const auto name = dotted(code);
        if (parse_failure_code(name) == code) {
            out += "<tr id=\"" + escaped(name) + "\"><td><code>" + escaped(name) +
                   "</code></td><td>" + std::to_string(api_status(code)) + "</td><td>" +
                   escaped(title(code)) + "</td></tr>\n";
        }
    }
    out += "</table>\n";
}

HttpReply plain_page(std::string_view type, std::string body) {
    HttpReply reply;
    reply.set("Content-Type", std::string{type});
    reply.set("Content-Security-Policy", std::string{policy});
    reply.set("X-Content-Type-Options", "nosniff");
    reply.set("Referrer-Policy", "no-referrer");
    reply.body = std::move(body);
    return reply;
}

}  // namespace

std::string docs_page(std::string_view openapi) {
    const auto document = json::parse(openapi).get_object();
    const auto& info = document.at("info").get_object();
    const auto title = escaped(text_of(info, "title")) + " " + escaped(text_of(info, "version"));
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
        title +
        "</title>\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n<h1>" +
        title + "</h1>\n<p>" + escaped(text_of(info, "summary")) +
        " This page is made from <a href=\"/openapi.json\">the OpenAPI document</a>.</p>\n";
    out += "<h2>Operations</h2>\n";
    for (const auto& path : document.at("paths").get_object()) {
        const auto& item = path.value().get_object();
        for (const auto& entry : item) {
            if (entry.value().is_object()) {
                append_operation(out, path.key(), entry.key(), entry.value().get_object());
            }
        }
    }
    out += "<h2>Shapes</h2>\n";
    for (const auto& entry : document.at("components").at("schemas").get_object()) {
        out += "<h3 id=\"schema-" + escaped(entry.key()) + "\"><code>" + escaped(entry.key()) +
               "</code></h3>\n";
        append_json(out, "", entry.value());
    }
    append_codes(out);
    return out + "</body>\n</html>\n";
}

DocsApi::DocsApi() : page_{docs_page(openapi_document())} {}

void DocsApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    routes.add_open(http::verb::get, "/docs", bind(&DocsApi::page));
    routes.add_open(http::verb::get, "/docs/style.css", bind(&DocsApi::style));
}

awaitable<HttpReply> DocsApi::page(HttpRequest&) {
    co_return plain_page("text/html; charset=utf-8", page_);
}

awaitable<HttpReply> DocsApi::style(HttpRequest&) {
    co_return plain_page("text/css; charset=utf-8", std::string{sheet});
}

}  // namespace fanfetch
