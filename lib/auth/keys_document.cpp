#include "auth/keys_document.hpp"

#include "net/egress_entry.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view head =
    "# API keys of fanfetch. Only the SHA-256 of a key stands here, never the key.\n"
    "# `fanfetch keys` adds and revokes; it writes the whole file, so comments do not stay.\n";

Failure wrong(const toml::source_region& where, std::string_view what) {
    return failed(
        failure_code::request_invalid,
        "line " + std::to_string(where.begin.line) + ": " + std::string{what}
    );
}

/// Reads one `[[key]]`.
class KeyReader {
public:
    explicit KeyReader(const toml::table& table) : table_{table} {}

    Expected<KeyRecord> read() {
        constexpr std::array members{std::string_view{"id"},     std::string_view{"tenant"},
                                     std::string_view{"hash"},   std::string_view{"scopes"},
                                     std::string_view{"quotas"}, std::string_view{"egress_allow"}};
        for (const auto& [name, node] : table_) {
            if (std::ranges::find(members, name.str()) == members.end()) {
                return wrong(
                    node.source(),
                    "a key has id, tenant, hash, scopes, perhaps quotas and egress_allow"
                );
            }
        }
        for (const auto step :
             {&KeyReader::read_names, &KeyReader::read_hash, &KeyReader::read_scopes,
              &KeyReader::read_quotas, &KeyReader::read_egress}) {
            if (auto done = (this->*step)(); !done) {
                return done.error();
            }
        }
        return std::move(record_);
    }

private:
    /// A member that has to be there and be a string.
    Expected<std::string_view> text_of(std::string_view name) const {
        const auto* const node = table_.get(name);
        if (node == nullptr) {
            return wrong(table_.source(), "the key has no " + std::string{name});
        }
        const auto* const text = node->as_string();
        if (text == nullptr) {
            return wrong(node->source(), std::string{name} + ": expected text");
        }
        return std::string_view{text->get()};
    }

    Expected<void> read_names() {
        for (const auto& [name, target] :
             {std::pair{"id", &record_.id}, std::pair{"tenant", &record_.tenant}}) {
            const auto text = text_of(name);
            if (!text) {
                return text.error();
            }
            if (!is_key_name(*text)) {
                return wrong(
                    table_.get(name)->source(),
                    std::string{name} + ": expected 1 to 64 of A-Z a-z 0-9 . _ -"
                );
            }
            *target = *text;
        }
        return {};
    }

    Expected<void> read_hash() {
        const auto text = text_of("hash");
        if (!text) {
            return text.error();
        }
        const auto hash = parse_key_hash(*text);
        if (!hash) {
            const bool in_clear = text->starts_with(key_prefix);
            return wrong(
                table_.get("hash")->source(),
                in_clear ? "hash: this is the key itself; make a new one with fanfetch keys add"
                         : "hash: expected sha256: and 64 digits of 0-9 a-f"
            );
        }
        record_.hash = *hash;
        return {};
    }

    Expected<void> read_scopes() {
        const auto* const node = table_.get("scopes");
        if (node == nullptr) {
            return wrong(table_.source(), "the key has no scopes");
        }
        constexpr std::string_view expected =
            "scopes: expected a list of submit, read, control, admin";
        const auto* const list = node->as_array();
        if (list == nullptr || list->empty()) {
            return wrong(node->source(), expected);
        }
        for (const auto& entry : *list) {
            const auto* const word = entry.as_string();
            const auto one = word == nullptr ? std::nullopt : parse_scope(word->get());
            if (!one) {
                return wrong(entry.source(), expected);
            }
            record_.scopes.add(*one);
        }
        return {};
    }

    Expected<void> read_quotas() {
        const auto* const node = table_.get("quotas");
        if (node == nullptr) {
            return {};
        }
        const auto* const table = node->as_table();
        if (table == nullptr) {
            return wrong(node->source(), "quotas: expected {max_jobs = 10, …}");
        }
        auto& quotas = record_.quotas.emplace();
        for (const auto& [name, value] : *table) {
            auto read = Expected<void>{};
            if (name.str() == "max_jobs") {
                read = read_count(value, "max_jobs", quotas.max_jobs);
            } else if (name.str() == "max_queued_items") {
                read = read_count(value, "max_queued_items", quotas.max_queued_items);
            } else if (name.str() == "max_stored_bytes") {
                read = read_count(value, "max_stored_bytes", quotas.max_stored_bytes);
            } else if (name.str() == "requests_per_s") {
                read = read_rate(value, quotas.requests_per_s);
            } else if (name.str() == "weight") {
                read = read_weight(value, quotas.weight);
            } else {
                read = wrong(
                    value.source(),
                    "quotas: expected max_jobs, max_queued_items, max_stored_bytes, "
                    "requests_per_s, weight, nothing else"
                );
            }
            if (!read) {
                return read;
            }
        }
        return {};
    }

    static Expected<void> read_count(
        const toml::node& node, std::string_view name, std::optional<std::uint64_t>& target
    ) {
        const auto* const number = node.as_integer();
        if (number == nullptr || number->get() < 0) {
            return wrong(node.source(), std::string{name} + ": expected a whole number, 0 or more");
        }
        target = static_cast<std::uint64_t>(number->get());
        return {};
    }

    static Expected<void> read_rate(const toml::node& node, std::optional<double>& target) {
        constexpr double slowest = 0.001;
        constexpr double fastest = 1'000'000;
        const auto number = node.value<double>();
        if (!node.is_number() || !number || !(*number >= slowest && *number <= fastest)) {
            return wrong(node.source(), "requests_per_s: expected a number from 0.001 to 1000000");
        }
        target = *number;
        return {};
    }

    static Expected<void> read_weight(
        const toml::node& node, std::optional<std::uint32_t>& target
    ) {
        const auto* const number = node.as_integer();
        if (number == nullptr || number->get() < 1 || number->get() > TenantQuotas::most_weight) {
            return wrong(
                node.source(), "weight: expected a whole number from 1 to " +
                                   std::to_string(TenantQuotas::most_weight)
            );
        }
        target = static_cast<std::uint32_t>(number->get());
        return {};
    }

    Expected<void> read_egress() {
        const auto* const node = table_.get("egress_allow");
        if (node == nullptr) {
            return {};
        }
        constexpr std::string_view expected =
            "egress_allow: expected a list of addresses, blocks and host names";
        const auto* const list = node->as_array();
        if (list == nullptr || list->size() > most_entries) {
            return wrong(node->source(), expected);
        }
        auto& entries = record_.egress_allow.emplace();
        for (const auto& entry : *list) {
            const auto* const text = entry.as_string();
            if (text == nullptr || !EgressEntry::parse(text->get()) ||
                !std::ranges::all_of(text->get(), needs_no_escape)) {
                return wrong(entry.source(), expected);
            }
            entries.push_back(text->get());
        }
        return {};
    }

    /// Entries are written back as they are.
    static constexpr bool needs_no_escape(char c) noexcept {
        return c > ' ' && c < '\x7f' && c != '"' && c != '\\';
    }

    static constexpr std::size_t most_entries = 1000;

    const toml::table& table_;
    KeyRecord record_;
};

/// What two keys say of one tenant has to be the same.
class Statements {
public:
    /// The name of what this key says otherwise than one before; empty: nothing.
    std::string_view contradiction(const KeyRecord& key) {
        auto& said = said_[key.tenant];
        if (key.quotas && said.quotas && *key.quotas != *said.quotas) {
            return "quotas";
        }
        if (key.egress_allow && said.egress_allow && *key.egress_allow != *said.egress_allow) {
            return "egress_allow";
        }
        said.quotas = key.quotas ? key.quotas : said.quotas;
        said.egress_allow = key.egress_allow ? key.egress_allow : said.egress_allow;
        return {};
    }

private:
    struct Said {
        std::optional<TenantQuotas> quotas;
        std::optional<std::vector<std::string>> egress_allow;
    };
    std::map<std::string, Said> said_;
};

std::string number_text(double number) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), end};
}

void write_terms(std::string& text, const KeyRecord& key) {
    if (key.quotas) {
        std::string_view comma;
        text += "quotas = {";
        const auto member = [&](std::string_view name, const std::string& value) {
            text.append(comma).append(name).append(" = ").append(value);
            comma = ", ";
        };
        if (key.quotas->max_jobs) {
            member("max_jobs", std::to_string(*key.quotas->max_jobs));
        }
        if (key.quotas->max_queued_items) {
            member("max_queued_items", std::to_string(*key.quotas->max_queued_items));
        }
        if (key.quotas->max_stored_bytes) {
            member("max_stored_bytes", std::to_string(*key.quotas->max_stored_bytes));
        }
        if (key.quotas->requests_per_s) {
            member("requests_per_s", number_text(*key.quotas->requests_per_s));
        }
        if (key.quotas->weight) {
            member("weight", std::to_string(*key.quotas->weight));
        }
        text += "}\n";
    }
    if (key.egress_allow) {
        std::string_view comma;
        text += "egress_allow = [";
        for (const auto& entry : *key.egress_allow) {
            text.append(comma).append("\"").append(entry).append("\"");
            comma = ", ";
        }
        text += "]\n";
    }
}

Expected<std::vector<KeyRecord>> read_all(const toml::table& document) {
    std::vector<KeyRecord> keys;
    for (const auto& [name, node] : document) {
        const auto* const list = node.as_array();
        if (name.str() != "key" || list == nullptr) {
            return wrong(node.source(), "expected [[key]] and nothing else");
        }
        if (list->size() > most_keys) {
            return wrong(node.source(), "more than " + std::to_string(most_keys) + " keys");
        }
        std::set<std::string> ids;
        std::set<KeyHash> hashes;
        Statements statements;
        for (const auto& entry : *list) {
            const auto* const table = entry.as_table();
            if (table == nullptr) {
                return wrong(entry.source(), "expected [[key]] and nothing else");
            }
            auto key = KeyReader{*table}.read();
            if (!key) {
                return key.error();
            }
            if (!ids.insert(key->id).second) {
                return wrong(table->source(), "there is a key " + key->id + " already");
            }
            if (!hashes.insert(key->hash).second) {
                return wrong(table->source(), "the key " + key->id + " has another one's hash");
            }
            if (const auto what = statements.contradiction(*key); !what.empty()) {
                return wrong(
                    table->source(), "another key of the tenant says other " + std::string{what}
                );
            }
            keys.push_back(std::move(*key));
        }
    }
    return keys;
}

}  // namespace

Expected<std::vector<KeyRecord>> parse_keys(std::string_view text) {
    toml::table document;
    try {
        document = toml::parse(text);
    } catch (const toml::parse_error& error) {
        // Its description may quote what stands there, which may be a key in clear.
        return wrong(error.source(), "this is no TOML");
    }
    return read_all(document);
}

std::string write_keys(const std::vector<KeyRecord>& keys) {
    std::string text{head};
    for (const auto& key : keys) {
        text += "\n[[key]]\nid = \"" + key.id + "\"\ntenant = \"" + key.tenant + "\"\nhash = \"" +
                to_string(key.hash) + "\"\nscopes = [";
        std::string_view comma;
        for (const auto word : scope_words) {
            if (key.scopes.has(*parse_scope(word))) {
                text += std::string{comma} + '"' + std::string{word} + '"';
                comma = ", ";
            }
        }
        text += "]\n";
        write_terms(text, key);
    }
    return text;
}

TermsByTenant terms_of(const std::vector<KeyRecord>& keys) {
    TermsByTenant terms;
    for (const auto& key : keys) {
        if (key.quotas) {
            terms[key.tenant].quotas = *key.quotas;
        }
        if (key.egress_allow) {
            terms[key.tenant].egress_allow = *key.egress_allow;
        }
    }
    return terms;
}

}  // namespace fanfetch
