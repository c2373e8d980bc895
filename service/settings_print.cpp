#include "settings_table.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

std::string_view table_of(std::string_view key) {
    const auto dot = key.find('.');
    return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::string_view name_of(std::string_view key) {
    return key.substr(key.find('.') + 1);
}

/// The rows, those without a table first: a TOML table ends only where the next one begins.
std::vector<const SettingRow*> rows_for_toml() {
    std::vector<const SettingRow*> rows;
    for (const auto& row : setting_rows()) {
        rows.push_back(&row);
    }
    std::ranges::stable_partition(rows, [](const auto* row) { return table_of(row->key).empty(); });
    return rows;
}

/// Calls `write` for each row, with a table's heading where one begins.
template <class Write>
std::string write_toml(Write write) {
    std::string out;
    std::string_view table;
    for (const auto* const row : rows_for_toml()) {
        if (table_of(row->key) != table) {
            table = table_of(row->key);
            out.append("\n[").append(table).append("]\n");
        }
        write(out, *row);
    }
    return out;
}

Settings default_settings() {
    Settings settings{};
    for (const auto& row : setting_rows()) {
        (void)set_value(row, row.default_text, settings);
    }
    return settings;
}

/// A default as TOML; "auto" stays a word.
std::string default_toml(const SettingRow& row) {
    static const Settings defaults = default_settings();
    return row.default_text == "auto" ? "\"auto\"" : toml_value(row, defaults);
}

void append_wrapped_comment(std::string& out, std::string_view text) {
    constexpr std::size_t width = 96;
    while (!text.empty()) {
        auto end = text.size();
        if (end > width) {
            end = text.rfind(' ', width);
        }
        out.append("# ").append(text.substr(0, end)).append("\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::string escaped_cell(std::string_view text) {
    std::string cell;
    for (const char c : text) {
        cell += c == '|' ? "\\|" : std::string(1, c);
    }
    return cell;
}

}  // namespace

std::string print_settings(const LoadedSettings& loaded) {
    const auto* const first = setting_rows().data();
    auto shown = loaded.settings;
    shown.egress.proxy = without_password(shown.egress.proxy);  // people paste what they see
    return write_toml([&](std::string& out, const SettingRow& row) {
        const auto& origin = loaded.origins[static_cast<std::size_t>(&row - first)];
        out.append(name_of(row.key)).append(" = ").append(toml_value(row, shown));
        out.append("  # ").append(origin).append("\n");
    });
}

std::string settings_example() {
    std::string out =
        "# Settings of fanfetch, each with its default: remove the # in front of a value to "
        "change\n"
        "# it. A variable of the environment (FANFETCH_LISTEN_PORT) beats this file, and the\n"
        "# command line (--set listen.port=9000) beats both. README.md has the same as a "
        "table.\n\n";
    out += write_toml([](std::string& text, const SettingRow& row) {
        append_wrapped_comment(text, row.help);
        text.append("#").append(name_of(row.key)).append(" = ").append(default_toml(row));
        text.append("\n");
    });
    return out;
}

std::string settings_reference() {
    std::string out =
        "# Settings\n\n"
        "Written in a TOML file (`fanfetch serve --config FILE`), in the environment, or on the\n"
        "command line (`--set key=value`); each beats the one before. Durations and sizes have\n"
        "units (`30s`, `250ms`, `1h`; `64KiB`, `1GiB`, `10MB`), lists are separated by commas in "
        "the\n"
        "environment and on the command line. An unknown key is an error, an unknown `FANFETCH_`\n"
        "variable a warning. `fanfetch print-settings` shows what holds and where it comes "
        "from.\n\n"
        "`fanfetch.toml` lists everything with its default, `dev.toml` is what `./dev run` uses.\n"
        "This page is made from the program's own table; a test compares the two.\n\n"
        "| Key and variable | Default | Value | Meaning |\n"
        "|---|---|---|---|\n";
    for (const auto& row : setting_rows()) {
        const auto bounds = bounds_text(row);
        out.append("| `").append(row.key).append("`<br>`").append(environment_name(row.key));
        out.append("` | `").append(default_toml(row)).append("` | ").append(type_name(row));
        out.append(bounds.empty() ? "" : ": ").append(escaped_cell(bounds)).append(" | ");
        out.append(escaped_cell(row.help));
        out.append(" |\n");
    }
    return out;
}

}  // namespace fanfetch
