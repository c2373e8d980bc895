#include "redis/command.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace fanfetch::redis {
namespace {

struct Free {
    void operator()(char* command) const noexcept { redisFreeCommand(command); }
};

/// hiredis adds sizes up in an int: the words of one command are few and short here.
std::string format(std::span<const std::string_view> words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* raw = nullptr;
    const int size =
        redisFormatCommandArgv(&raw, static_cast<int>(words.size()), texts.data(), sizes.data());
    const std::unique_ptr<char, Free> command{raw};
    if (size < 0) {
        throw std::bad_alloc{};
    }
    return {command.get(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view word_of(verb command) noexcept {
    constexpr std::array<std::string_view, 6> words{"subscribe",    "psubscribe", "unsubscribe",
                                                    "punsubscribe", "ping",       "quit"};
    return words[static_cast<std::size_t>(command)];
}

std::vector<std::vector<std::string>> command_batches(std::vector<std::string> names) {
    std::vector<std::vector<std::string>> batches;
    std::unordered_set<std::string> seen;
    std::size_t bytes = 0;
    for (auto& name : names) {
        if (name.size() > most_command_bytes) {
            throw std::invalid_argument{
                "subscribing: a name of " + std::to_string(name.size()) + " bytes"};
        }
        if (!seen.insert(name).second) {
            continue;
        }
        bytes += name.size();
        if (batches.empty() || batches.back().size() == most_command_names ||
            bytes > most_command_bytes) {
            batches.emplace_back();
            bytes = name.size();
        }
        batches.back().push_back(std::move(name));
    }
    return batches;
}

std::string format_command(verb command, std::span<const std::string> names) {
    std::vector<std::string_view> words{word_of(command)};
    words.insert(words.end(), names.begin(), names.end());
    return format(words);
}

std::string format_auth(const Credentials& credentials) {
    if (credentials.user.empty()) {
        return format(std::array<std::string_view, 2>{"auth", credentials.password});
    }
    return format(std::array<std::string_view, 3>{"auth", credentials.user, credentials.password});
}

}  // namespace fanfetch::redis
