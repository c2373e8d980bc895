#include "model/canonical_json.hpp"

#include "base/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace fanfetch {
namespace {

namespace json = boost::json;

void append_array(std::string& out, const json::array& array) {
    out += '[';
    for (const auto& element : array) {
        if (&element != array.data()) {
            out += ',';
        }
        append_json(out, element);
    }
    out += ']';
}

void append_object(std::string& out, const json::object& object) {
    out += '{';
    bool first = true;
    for (const auto& member : object) {
        if (!first) {
            out += ',';
        }
        first = false;
        append_json_string(out, member.key());
        out += ':';
        append_json(out, member.value());
    }
    out += '}';
}

/// Keeps its kind: without a point or an exponent it would be read as an integer, and -0 as 0.
void append_double(std::string& out, double number) {
    const auto begin = out.size();
    append_json_number(out, number);
    if (out.find_first_of(".en", begin) == std::string::npos) {
        out += ".0";
    }
}

}  // namespace

// Recursion is as deep as the value, which its reader has bounded.
void append_json(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            return;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case json::kind::int64:
            out += std::to_string(value.get_int64());
            return;
        case json::kind::uint64:
            out += std::to_string(value.get_uint64());
            return;
        case json::kind::double_:
            append_double(out, value.get_double());
            return;
        case json::kind::string:
            append_json_string(out, value.get_string());
            return;
        case json::kind::array:
            append_array(out, value.get_array());
            return;
        case json::kind::object:
            append_object(out, value.get_object());
            return;
    }
}

std::string canonical_json(const json::value& value) {
    std::string text;
    append_json(text, value);
    return text;
}

}  // namespace fanfetch
