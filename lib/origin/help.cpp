#include "origin/origin.hpp"
#include "origin/zoo.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace fanfetch::origin {
namespace {

constexpr std::string_view introduction =
    "An origin to try a client against.\n"
    "\n"
    "  /local/PATH   a file of --dir, or a page made up for the path (?bytes=2048)\n"
    "  /delay/PATH   the same, after --delay\n"
    "  /error/PATH   the same, or --error-status for a share of the requests; the same requests\n"
    "                in every run with the same --seed\n"
    "  /zoo/NAME     one of the following; behind it, what a careful client makes of it\n"
    "\n";

void pad(std::string& text, std::size_t begin, std::size_t width) {
    text.append(std::max(begin + width, text.size() + 2) - text.size(), ' ');
}

}  // namespace

std::string origin_help() {
    constexpr std::size_t name_width = 32;
    constexpr std::size_t does_width = 68;
    std::string text{introduction};
    for (const auto& animal : zoo()) {
        const auto begin = text.size();
        text.append("  ").append(animal.name);
        if (!animal.argument.empty()) {
            text.append("/").append(animal.argument);
        }
        pad(text, begin, name_width);
        text.append(animal.does);
        pad(text, begin, name_width + does_width);
        text.append(animal.ends_as).append("\n");
    }
    return text;
}

std::string zoo_json() {
    boost::json::array list;
    for (const auto& animal : zoo()) {
        boost::json::object row;
        row["name"] = animal.name;
        row["argument"] = animal.argument;
        row["does"] = animal.does;
        row["ends_as"] = animal.ends_as;
        list.push_back(std::move(row));
    }
    return boost::json::serialize(list);
}

}  // namespace fanfetch::origin
