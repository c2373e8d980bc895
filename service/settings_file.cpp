#include "settings_file.hpp"

#include "base/json_text.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

namespace fanfetch {
namespace {

std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto* const text = node.as_string()) {
        return text->get();
    }
    if (const auto* const truth = node.as_boolean()) {
        return truth->get() ? "true" : "false";
    }
    if (const auto* const whole = node.as_integer()) {
        return std::to_string(whole->get());
    }
    if (const auto* const real = node.as_floating_point()) {
        std::string text;
        append_json_number(text, real->get());
        return text;
    }
    return std::nullopt;
}

FileEntry entry_of(const std::string& key, const toml::node& node) {
    FileEntry entry{key, {}, node.is_array(), node.source().begin.line, {}};
    if (const auto* const array = node.as_array()) {
        for (const auto& element : *array) {
            const auto text = scalar_text(element);
            // The environment's form of a list has no way to spell such an entry.
            if (!text || text->find(',') != std::string::npos) {
                entry.error = key + ": expected a list of plain values without commas";
                return entry;
            }
            entry.text.append(entry.text.empty() ? "" : ",").append(*text);
        }
        return entry;
    }
    const auto text = scalar_text(node);
    if (!text) {
        entry.error = key + ": expected no date or time";
        return entry;
    }
    entry.text = *text;
    return entry;
}

void collect(const toml::table& table, const std::string& path, std::vector<FileEntry>& entries) {
    for (const auto& [name, node] : table) {
        const auto key = path + std::string{name.str()};
        if (const auto* const inner = node.as_table()) {
            collect(*inner, key + ".", entries);
        } else {
            entries.push_back(entry_of(key, node));
        }
    }
}

}  // namespace

std::vector<FileEntry> read_settings_file(const std::string& path) {
    std::vector<FileEntry> entries;
    std::error_code reason;
    std::error_code ignored;
    std::string text;
    if (std::filesystem::is_directory(path, ignored)) {  // it opens, and reading it throws
        reason = std::make_error_code(std::errc::is_a_directory);
    } else {
        std::ifstream file{path, std::ios::binary};
        text.assign(std::istreambuf_iterator<char>{file}, {});
        if (!file.is_open() || file.bad()) {
            reason = {errno, std::generic_category()};
        }
    }
    if (reason) {
        return {{{}, {}, false, 0, "reading the settings: " + reason.message()}};
    }
    try {
        collect(toml::parse(std::string_view{text}, path), "", entries);
    } catch (const toml::parse_error& wrong) {
        return {{{}, {}, false, wrong.source().begin.line, std::string{wrong.description()}}};
    }
    // toml++ sorts by key; people read from top to bottom.
    std::ranges::stable_sort(entries, {}, &FileEntry::line);
    return entries;
}

}  // namespace fanfetch
