#include "cli/keys.hpp"

#include "auth/api_key.hpp"
#include "auth/keys_file.hpp"
#include "base/random.hpp"
#include "cli/command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace fanfetch {
namespace {

int complain(const std::string& what, int code) {
    std::fprintf(stderr, "error: %s\n", what.c_str());
    return code;
}

/// A mistake of whoever typed, or a file that will not have it.
int complain(const Failure& failure) {
    const bool typed = failure.code == failure_code::api_invalid;
    return complain(failure.detail, typed ? exit_usage : exit_refused);
}

/// "key_4f1c09ae"
std::string make_up_id() {
    std::array<std::byte, 4> random{};
    fill_random(random);
    std::string id = "key_";
    for (const auto byte : random) {
        constexpr std::string_view digits = "0123456789abcdef";
        id += digits[std::to_integer<unsigned>(byte) >> 4U];
        id += digits[std::to_integer<unsigned>(byte) & 0x0FU];
    }
    return id;
}

Expected<KeyRecord> record_of(const KeysOrder& order, const std::string& key) {
    KeyRecord record{order.id.empty() ? make_up_id() : order.id, order.tenant, hash_key(key), {}};
    for (const auto& [name, text] :
         {std::pair{"id", &record.id}, std::pair{"tenant", &record.tenant}}) {
        if (!is_key_name(*text)) {
            return failed(
                failure_code::api_invalid,
                std::string{"--"} + name + ": expected 1 to 64 of A-Z a-z 0-9 . _ -"
            );
        }
    }
    for (const auto& word : order.scopes) {
        const auto one = parse_scope(word);
        if (!one) {
            return failed(
                failure_code::api_invalid,
                "--scopes: expected submit, read, control, admin; found " + word
            );
        }
        record.scopes.add(*one);
    }
    return record;
}

int add(const KeysOrder& order, const std::string& path) {
    const auto key = make_key();
    const auto record = record_of(order, key);
    if (!record) {
        return complain(record.error());
    }
    std::error_code ignored;  // writing says what is wrong
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
    const auto changed = change_keys_file(path, [&](std::vector<KeyRecord>& keys) {
        if (std::ranges::find(keys, record->id, &KeyRecord::id) != keys.end()) {
            return Expected<void>{
                failed(failure_code::api_invalid, "there is a key " + record->id + " already")};
        }
        keys.push_back(*record);
        return Expected<void>{};
    });
    if (!changed) {
        return complain(changed.error());
    }
    std::fprintf(
        stderr, "added %s of tenant %s (%s) to %s; this is the only time the key is shown:\n",
        record->id.c_str(), record->tenant.c_str(), to_string(record->scopes).c_str(), path.c_str()
    );
    std::puts(key.c_str());
    return exit_ok;
}

int list(const std::string& path) {
    const auto keys = read_keys_file(path);
    if (!keys) {
        return complain(keys.error());
    }
    std::printf("%-24s %-24s %s\n", "ID", "TENANT", "SCOPES");
    for (const auto& key : *keys) {
        std::printf(
            "%-24s %-24s %s\n", key.id.c_str(), key.tenant.c_str(), to_string(key.scopes).c_str()
        );
    }
    return exit_ok;
}

int revoke(const KeysOrder& order, const std::string& path) {
    const auto changed = change_keys_file(path, [&](std::vector<KeyRecord>& keys) {
        const auto gone = std::erase_if(keys, [&](const auto& key) { return key.id == order.id; });
        if (gone == 0) {
            return Expected<void>{
                failed(failure_code::api_invalid, "there is no key " + order.id + " in " + path)};
        }
        return Expected<void>{};
    });
    if (!changed) {
        return complain(changed.error());
    }
    std::fprintf(stderr, "revoked %s\n", order.id.c_str());
    return exit_ok;
}

}  // namespace

void add_keys_verbs(CLI::App& verb, KeysOrder& order) {
    verb.require_subcommand(1);
    order.add = verb.add_subcommand("add", "Make a key and print it, once");
    order.add->add_option("--id", order.id, "What to call it; made up when it is not said");
    order.add->add_option("--tenant", order.tenant, "Whose jobs it sees")->capture_default_str();
    order.add->add_option("--scopes", order.scopes, "Some of submit,read,control,admin")
        ->delimiter(',')
        ->capture_default_str();
    order.list = verb.add_subcommand("list", "Show the keys there are, without the keys");
    order.revoke = verb.add_subcommand("revoke", "Take a key out");
    order.revoke->add_option("id", order.id, "What it is called")->required();
    for (auto* const one : {order.add, order.list, order.revoke}) {
        one->add_option("--file", order.file, "The file of keys, if not that of the settings");
    }
}

int manage_keys(const KeysOrder& order, const std::string& file_of_settings) {
    const auto& path = order.file.empty() ? file_of_settings : order.file;
    if (order.add->parsed()) {
        return add(order, path);
    }
    return order.list->parsed() ? list(path) : revoke(order, path);
}

}  // namespace fanfetch
