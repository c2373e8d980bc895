#include "origin/zoo.hpp"

#include "origin/zoo_parts.hpp"

#include <algorithm>
#include <charconv>

namespace fanfetch::origin {

std::span<const Animal> zoo() {
    static const std::vector<Animal> all = [] {
        std::vector<Animal> found;
        for (const auto house :
             {cut_short(), badly_framed(), slow(), endless(), coded(), sent_away(), keeping()}) {
            found.insert(found.end(), house.begin(), house.end());
        }
        return found;
    }();
    return all;
}

const Animal* find_animal(std::string_view name) {
    const auto all = zoo();
    const auto found = std::ranges::find(all, name, &Animal::name);
    return found == all.end() ? nullptr : &*found;
}

std::string response(std::string_view status, std::string_view fields, std::string_view body) {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size()));
    text.append("\r\n").append(fields).append("\r\n").append(body);
    return text;
}

std::uint64_t number_or(std::string_view argument, std::uint64_t otherwise, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto* const end = argument.data() + argument.size();
    const auto [rest, error] = std::from_chars(argument.data(), end, number);
    return error == std::errc{} && rest == end && number <= most ? number : otherwise;
}

}  // namespace fanfetch::origin
