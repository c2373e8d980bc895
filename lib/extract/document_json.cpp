#include "extract/document_json.hpp"

#include "base/json_text.hpp"

#include <string_view>

namespace fanfetch {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
}

void append_text_if_any(std::string& out, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        append_member(out, name, value);
    }
}

void append_link(std::string& out, const DocumentLink& link) {
    out += "{\"tag\":";
    append_json_string(out, link.tag);
    if (link.url.empty()) {
        out += ",\"url\":null";
        append_member(out, "href", link.href);
    } else {
        append_member(out, "url", link.url);
    }
    append_text_if_any(out, "text", link.text);
    append_text_if_any(out, "rel", link.rel);
    out += '}';
}

void append_meta(std::string& out, const DocumentMeta& meta) {
    out += "{\"name\":";
    append_json_string(out, meta.name);
    append_member(out, "content", meta.content);
    out += '}';
}

template <class Elements, class Append>
void append_list(std::string& out, std::string_view name, const Elements& elements, Append append) {
    out.append(",\"").append(name).append("\":[");
    for (const auto& element : elements) {
        out += &element == elements.data() ? "" : ",";
        append(out, element);
    }
    out += ']';
}

}  // namespace

std::string document_json(const ExtractedDocument& document, std::uint8_t parts) {
    std::string out{"{\"encoding\":"};
    append_json_string(out, document.encoding);
    if ((parts & extract_part::title) != 0) {
        if (document.title) {
            append_member(out, "title", *document.title);
        } else {
            out += ",\"title\":null";
        }
    }
    if ((parts & extract_part::links) != 0) {
        append_list(out, "links", document.links, append_link);
    }
    if ((parts & extract_part::text) != 0) {
        append_member(out, "text", document.text);
    }
    if ((parts & extract_part::meta) != 0) {
        append_list(out, "meta", document.meta, append_meta);
    }
    out += document.truncated ? ",\"truncated\":true}" : "}";
    return out;
}

}  // namespace fanfetch
