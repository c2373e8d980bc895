#include "cli/keys.hpp"

#include "auth/api_key.hpp"
#include "auth/keys_document.hpp"
#include "auth/keys_file.hpp"
#include "base/json_text.hpp"
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
    const TenantQuotas quotas{
        order.max_jobs, order.max_queued_items, order.max_stored_bytes, order.requests_per_s,
        order.weight};
    if (quotas != TenantQuotas{}) {
        record.quotas = quotas;
    }
    if (!order.egress_allow.empty()) {
        record.egress_allow = order.egress_allow;
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
        // What is written must be read again: bad entries and contradictions are found here.
        if (const auto read = parse_keys(write_keys(keys)); !read) {
            return Expected<void>{failed(failure_code::api_invalid, read.error().detail)};
        }
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

/// "max_jobs=5 requests_per_s=10 egress_allow=10.0.0.0/8,…"
std::string terms_text(const KeyRecord& key) {
    std::string text;
    const auto add_term = [&text](std::string_view name, const std::string& value) {
        text += text.empty() ? "" : " ";
        text.append(name).append("=").append(value);
    };
    const auto quotas = key.quotas.value_or(TenantQuotas{});
    if (quotas.max_jobs) {
        add_term("max_jobs", std::to_string(*quotas.max_jobs));
    }
    if (quotas.max_queued_items) {
        add_term("max_queued_items", std::to_string(*quotas.max_queued_items));
    }
    if (quotas.max_stored_bytes) {
        add_term("max_stored_bytes", std::to_string(*quotas.max_stored_bytes));
    }
    if (quotas.requests_per_s) {
        std::string number;
        append_json_number(number, *quotas.requests_per_s);
        add_term("requests_per_s", number);
    }
    if (quotas.weight) {
        add_term("weight", std::to_string(*quotas.weight));
    }
    if (key.egress_allow) {
        std::string entries;
        for (const auto& entry : *key.egress_allow) {
            entries += entries.empty() ? "" : ",";
            entries += entry;
        }
        add_term("egress_allow", entries);
    }
    return text;
}

int list(const std::string& path) {
    constexpr std::size_t scopes_width = 28;
    const auto keys = read_keys_file(path);
    if (!keys) {
        return complain(keys.error());
    }
    std::printf("%-24s %-24s %-28s %s\n", "ID", "TENANT", "SCOPES", "TERMS");
    for (const auto& key : *keys) {
        const auto terms = terms_text(key);
        auto rest = to_string(key.scopes);
        if (!terms.empty()) {
            rest.resize(std::max(rest.size(), scopes_width), ' ');
            rest += ' ' + terms;
        }
        std::printf("%-24s %-24s %s\n", key.id.c_str(), key.tenant.c_str(), rest.c_str());
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
    order.add->add_option("--max-jobs", order.max_jobs, "Of the tenant: jobs that are not done");
    order.add->add_option(
        "--max-queued-items", order.max_queued_items, "Of the tenant: items without a result"
    );
    order.add->add_option(
        "--max-stored-bytes", order.max_stored_bytes, "Of the tenant: bytes kept of responses"
    );
    order.add
        ->add_option("--weight", order.weight, "Of the tenant: its share beside others', 1 to 100")
        ->check(CLI::Range(1U, TenantQuotas::most_weight));
    order.add
        ->add_option("--requests-per-s", order.requests_per_s, "Of the tenant: requests to the API")
        ->check(CLI::Range(0.001, 1'000'000.0));
    order.add
        ->add_option(
            "--egress-allow", order.egress_allow,
            "Of the tenant: what it may reach beside everybody's, as the setting egress.allow"
        )
        ->delimiter(',');
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
