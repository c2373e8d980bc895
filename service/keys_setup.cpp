#include "keys_setup.hpp"

#include "auth/api_key.hpp"
#include "auth/keys_document.hpp"
#include "auth/keys_file.hpp"
#include "net/ip_address.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

namespace fanfetch {
namespace {

bool is_loopback(const IpAddress& address) {
    const auto bytes = address.bytes();
    constexpr std::uint8_t loopback_block = 127;
    if (!address.v6()) {
        return bytes.front() == loopback_block;
    }
    return bytes.back() == 1 && std::ranges::all_of(bytes.first(15), [](auto b) { return b == 0; });
}

/// Why the service may not start with that many keys (nullopt: there is no file).
std::optional<std::string> why_not_start(
    const Settings& settings, std::optional<std::size_t> keys
) {
    const auto& auth = settings.auth;
    if (auth.mode == auth_mode::generate || keys.value_or(0) > 0) {
        return std::nullopt;
    }
    if (auth.mode == auth_mode::keys) {
        return "auth.mode: keys wants one in " + keys_path(settings) + ": fanfetch keys add";
    }
    if (!keys && !auth.keys_file.empty()) {
        return "auth.keys_file: " + auth.keys_file + ": No such file: fanfetch keys add";
    }
    const auto address = IpAddress::parse(settings.listen.address);
    if (address && !is_loopback(*address)) {
        return "listen.address: without API keys the service listens on a loopback address only; "
               "fanfetch keys add makes one, and auth.mode generate makes one at the first start";
    }
    return std::nullopt;
}

/// Stores the hash first: a key that was printed has to be good.
Expected<void> make_first_key(const std::string& path) {
    const auto key = make_key();
    const auto made = change_keys_file(path, [&key](std::vector<KeyRecord>& keys) {
        keys.push_back({"admin", "default", hash_key(key), ScopeSet::all()});
        return Expected<void>{};
    });
    if (!made) {
        return made.error();
    }
    const auto line = "first start: the admin API key, shown this once: " + key + "\n";
    std::fputs(line.c_str(), stderr);
    return {};
}

}  // namespace

std::string keys_path(const Settings& settings) {
    return settings.auth.keys_file.empty()
               ? (std::filesystem::path{settings.data.dir} / "keys.toml").string()
               : settings.auth.keys_file;
}

std::vector<std::string> check_keys(const Settings& settings) {
    const auto path = keys_path(settings);
    const auto found = read_keys_text(path);
    if (!found) {
        return {"auth.keys_file: " + found.error().detail};
    }
    std::optional<std::size_t> count;
    if (*found) {
        const auto keys = parse_keys((*found)->text);
        if (!keys) {
            return {"auth.keys_file: " + path + ": " + keys.error().detail};
        }
        count = keys->size();
    }
    const auto wrong = why_not_start(settings, count);
    return wrong ? std::vector{*wrong} : std::vector<std::string>{};
}

Expected<std::unique_ptr<LiveKeys>> open_keys(const Settings& settings, Logger& log) {
    const auto path = keys_path(settings);
    if (settings.auth.mode == auth_mode::generate) {
        const auto there = read_keys_file(path);
        if (!there) {
            return there.error();
        }
        if (there->empty()) {
            if (auto made = make_first_key(path); !made) {
                return made.error();
            }
        }
    }
    auto keys = LiveKeys::open(path, log);
    if (!keys) {
        return keys.error();
    }
    const auto count = (*keys)->wanted() ? std::optional{(*keys)->size()} : std::nullopt;
    // Judged before as settings; between the two looks the file may have changed.
    if (const auto wrong = why_not_start(settings, count)) {
        return failed(failure_code::request_invalid, *wrong);
    }
    if (!count) {
        log.info("open_without_keys", {{"address", settings.listen.address}});
    } else if (*count == 0) {
        log.warn("no_keys", {{"detail", "the file has none, so nobody is let in"}, {"file", path}});
    }
    return keys;
}

}  // namespace fanfetch
