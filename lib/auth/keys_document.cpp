#include "auth/keys_document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
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
        constexpr std::array members{
            std::string_view{"id"}, std::string_view{"tenant"}, std::string_view{"hash"},
            std::string_view{"scopes"}};
        constexpr std::array later{std::string_view{"quotas"}, std::string_view{"egress_allow"}};
        for (const auto& [name, node] : table_) {
            if (std::ranges::find(later, name.str()) != later.end()) {
                return wrong(
                    node.source(), std::string{name.str()} + " is not supported by this version"
                );
            }
            if (std::ranges::find(members, name.str()) == members.end()) {
                return wrong(node.source(), "a key has id, tenant, hash and scopes, nothing else");
            }
        }
        for (const auto step :
             {&KeyReader::read_names, &KeyReader::read_hash, &KeyReader::read_scopes}) {
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

    const toml::table& table_;
    KeyRecord record_;
};

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
    }
    return text;
}

}  // namespace fanfetch
