#include "settings_file.hpp"
#include "settings_table.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

constexpr std::string_view prefix = "FANFETCH_";

// Read by the commands that talk to a server, not by the server.
constexpr std::array other_variables{
    std::string_view{"FANFETCH_SERVER"}, std::string_view{"FANFETCH_API_KEY"}};

/// Applies values one after the other and keeps the books.
class Loader {
public:
    explicit Loader(LoadedSettings& loaded) : loaded_{loaded} {
        for (const auto& row : setting_rows()) {
            // Defaults are within their bounds: a test sees to it.
            (void)set_value(row, row.default_text, loaded_.settings);
            loaded_.origins.emplace_back("default");
        }
    }

    /// Sets what `key` names; `origin` says where the value stands.
    void set(const SettingRow& row, std::string_view text, const std::string& origin) {
        if (const auto wrong = set_value(row, text, loaded_.settings)) {
            error(origin, std::string{row.key} + ": " + *wrong);
            return;
        }
        const auto index = static_cast<std::size_t>(&row - setting_rows().data());
        loaded_.origins[index] = origin;
    }

    void error(const std::string& origin, const std::string& what) {
        loaded_.errors.push_back(origin + ": " + what);
    }
    void warn(const std::string& what) { loaded_.warnings.push_back(what); }

private:
    LoadedSettings& loaded_;
};

const SettingRow* find_row(std::string_view key) {
    const auto rows = setting_rows();
    const auto found = std::ranges::find(rows, key, &SettingRow::key);
    return found == rows.end() ? nullptr : &*found;
}

void load_file(const std::string& path, Loader& loader) {
    for (const auto& entry : read_settings_file(path)) {
        const auto origin =
            path + (entry.line == 0 ? std::string{} : ":" + std::to_string(entry.line));
        const auto* const row = find_row(entry.key);
        if (!entry.error.empty()) {
            loader.error(origin, entry.error);
        } else if (row == nullptr) {
            loader.error(origin, "there is no setting " + entry.key);
        } else if (std::string_view{type_name(*row)} != "list" && entry.list) {
            loader.error(origin, entry.key + ": expected no list");
        } else {
            loader.set(*row, entry.text, origin);
        }
    }
}

void load_environment(const std::vector<std::string>& environment, Loader& loader) {
    for (const std::string_view variable : environment) {
        const auto name = variable.substr(0, variable.find('='));
        if (!name.starts_with(prefix) || name.size() == variable.size() ||
            std::ranges::find(other_variables, name) != other_variables.end()) {
            continue;
        }
        const auto rows = setting_rows();
        const auto found = std::ranges::find_if(rows, [name](const SettingRow& row) {
            return environment_name(row.key) == name;
        });
        if (found == rows.end()) {
            loader.warn("the variable " + std::string{name} + " is no setting and is ignored");
            continue;
        }
        loader.set(*found, variable.substr(name.size() + 1), std::string{name});
    }
}

void load_overrides(const std::vector<std::string>& overrides, Loader& loader) {
    const std::string origin = "command line";
    for (const std::string_view assignment : overrides) {
        const auto sign = assignment.find('=');
        const auto key = assignment.substr(0, sign);
        const auto* const row = find_row(key);
        if (sign == std::string_view::npos) {
            loader.error(origin, std::string{assignment} + ": expected key=value");
        } else if (row == nullptr) {
            loader.error(origin, "there is no setting " + std::string{key});
        } else {
            loader.set(*row, assignment.substr(sign + 1), origin);
        }
    }
}

}  // namespace

std::string environment_name(std::string_view key) {
    std::string name{prefix};
    for (const char c : key) {
        name += c == '.' || c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return name;
}

std::string LoadedSettings::located(std::string finding) const {
    const auto* const row = find_row(std::string_view{finding}.substr(0, finding.find(':')));
    if (row != nullptr) {
        const auto index = static_cast<std::size_t>(row - setting_rows().data());
        if (const auto& origin = origins[index]; origin != "default") {
            finding.insert(0, origin + ": ");
        }
    }
    return finding;
}

void LoadedSettings::add_findings(std::vector<std::string> texts) {
    for (auto& text : texts) {
        errors.push_back(located(std::move(text)));
    }
}

LoadedSettings load_settings(const SettingsSources& sources) {
    LoadedSettings loaded;
    Loader loader{loaded};
    if (!sources.file.empty()) {
        load_file(sources.file, loader);
    }
    load_environment(sources.environment, loader);
    load_overrides(sources.overrides, loader);
    resolve_automatic(loaded.settings, sources.machine);
    loaded.add_findings(check_settings(loaded.settings));
    for (auto& text : doubt_settings(loaded.settings)) {
        loader.warn(loaded.located(std::move(text)));
    }
    return loaded;
}

}  // namespace fanfetch
