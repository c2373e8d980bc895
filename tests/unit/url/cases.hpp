#pragma once

#include "support/source_tree.hpp"

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::testing {

/// Appends `point` as UTF-8.
inline void append_utf8(std::string& out, unsigned long point) {
    const auto byte = [&out](unsigned long value) { out += static_cast<char>(value); };
    const auto tail = [&](unsigned shift) { byte(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) {
        byte(point);
    } else if (point < 0x800) {
        byte(0xc0 | point >> 6);
        tail(0);
    } else if (point < 0x10000) {
        byte(0xe0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        byte(0xf0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

/// A field of a data file, with every \u{HEX} as the character it stands for.
inline std::string unescaped(std::string_view field) {
    std::string out;
    while (!field.empty()) {
        if (!field.starts_with("\\u{")) {
            out += field.front();
            field.remove_prefix(1);
            continue;
        }
        const auto close = field.find('}');
        append_utf8(out, std::stoul(std::string{field.substr(3, close - 3)}, nullptr, 16));
        field.remove_prefix(close + 1);
    }
    return out;
}

/// The rows of a tab-separated data file beside the tests; lines that begin with "# " are its
/// header.
inline std::vector<std::vector<std::string>> read_cases(const std::string& name) {
    std::ifstream file{source_tree() / "tests/unit/url" / name};
    if (!file) {
        throw std::runtime_error{"cannot open " + name};
    }
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) {
        if (line == "#" || line.starts_with("# ")) {
            continue;
        }
        auto& row = rows.emplace_back();
        std::size_t begin = 0;
        for (auto tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', begin)) {
            row.push_back(unescaped(std::string_view{line}.substr(begin, tab - begin)));
            begin = tab + 1;
        }
        row.push_back(unescaped(std::string_view{line}.substr(begin)));
    }
    return rows;
}

}  // namespace fanfetch::testing
