#pragma once

#include "settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace fanfetch {

/// A member of Settings that holds one of a few words: an enum of one byte, counted from 0 in the
/// order of the words.
struct WordSlot {
    std::span<const std::string_view> words;
    std::uint8_t* index;
};

/// The member of Settings that a row is about. Its type decides how a value is read.
using SettingSlot = std::variant<
    std::string*, bool*, std::uint16_t*, std::uint64_t*, ByteSize*, std::optional<ByteSize>*,
    std::chrono::milliseconds*, std::optional<double>*, std::vector<std::string>*, WordSlot>;

/// One setting: all there is to know about it.
struct SettingRow {
    std::string_view key;
    std::string default_text;  ///< as in the environment; "auto" and "none" where they are words
    SettingSlot (*slot)(Settings&);
    std::string least;  ///< bounds as text; empty: none
    std::string most;
    std::string_view help;
};

/// Every setting, in the order in which they are shown.
[[nodiscard]] std::span<const SettingRow> setting_rows();

/// "FANFETCH_LISTEN_PORT"
[[nodiscard]] std::string environment_name(std::string_view key);

/// Reads a value; what is wrong with it, or nullopt. Lists are separated by commas.
[[nodiscard]] std::optional<std::string> set_value(
    const SettingRow& row, std::string_view text, Settings& settings
);

/// What a value is, for people: "whole number", "duration" …
[[nodiscard]] std::string_view type_name(const SettingRow& row);

/// What a value may be, for people: "from 1 to 256", "full or os"; empty: anything.
[[nodiscard]] std::string bounds_text(const SettingRow& row);

/// The value as TOML.
[[nodiscard]] std::string toml_value(const SettingRow& row, const Settings& settings);

/// What is wrong with settings that are each well-formed: values that do not fit together, and
/// lists whose entries cannot be read. Each begins with the key.
[[nodiscard]] std::vector<std::string> check_settings(const Settings& settings);

/// What is not wrong, but cannot be meant: likewise.
[[nodiscard]] std::vector<std::string> doubt_settings(const Settings& settings);

/// Sets what is still "auto" to what the machine has.
void resolve_automatic(Settings& settings, const Machine& machine);

}  // namespace fanfetch
