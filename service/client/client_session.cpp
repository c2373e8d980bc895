#include "client/client_session.hpp"

#include "cli/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace fanfetch {

using std::chrono::milliseconds;

std::optional<milliseconds> Persistence::pause(
    Steady::time_point now, milliseconds asked
) noexcept {
    constexpr milliseconds longest_pause{5'000};
    if (!since_) {
        since_ = now;
    }
    if (now - *since_ >= longest_trouble) {
        return std::nullopt;
    }
    const auto pause = std::max(next_, std::min(asked, longest_trouble));
    next_ = std::min(next_ * 2, longest_pause);
    return pause;
}

std::unique_ptr<ClientSession> ClientSession::open(const ClientOptions& options) {
    auto access = access_of(
        options, {.server = std::getenv("FANFETCH_SERVER"), .key = std::getenv("FANFETCH_API_KEY")}
    );
    if (!access) {
        std::fprintf(stderr, "error: %s\n", terminal_text(access.error().detail).c_str());
        return nullptr;
    }
    return std::make_unique<ClientSession>(std::move(*access), options);
}

std::optional<ApiAnswer> ClientSession::ask(
    std::string_view doing, const ApiRequest& request, BodySource* body
) {
    auto answer = api_.call(request, body);
    if (!answer) {
        complain(doing, answer.error());
        return std::nullopt;
    }
    if (!answer->good()) {
        complain(doing, *answer);
        return std::nullopt;
    }
    has_answered_ = true;
    return *std::move(answer);
}

bool ClientSession::ask_for_stream(std::string_view doing, const ApiRequest& request) {
    // A first trouble ends it: nothing has been answered yet.
    return begin_persistently(doing, request, false).has_value();
}

std::optional<ApiAnswer> ClientSession::ask_again_and_again(
    std::string_view doing, const ApiRequest& request
) {
    return begin_persistently(doing, request, true);
}

std::optional<ApiAnswer> ClientSession::begin_again_and_again(
    std::string_view doing, const ApiRequest& request
) {
    return begin_persistently(doing, request, false);
}

std::optional<ApiAnswer> ClientSession::begin_persistently(
    std::string_view doing, const ApiRequest& request, bool whole
) {
    for (;;) {
        auto answer = api_.begin(request);
        if (answer && (whole || !answer->good())) {
            answer = api_.read_to_end(std::move(*answer));
        }
        if (answer && answer->good()) {
            has_answered_ = true;
            if (whole) {
                persistence_.succeeded();
            }
            return *std::move(answer);
        }
        const bool passing = answer ? answer->passing() : true;
        const auto asked =
            answer && answer->retry_after ? milliseconds{*answer->retry_after} : milliseconds{0};
        if (!has_answered_ || !passing || !wait_for_better_times(asked)) {
            answer ? complain(doing, *answer) : complain(doing, answer.error());
            return std::nullopt;
        }
    }
}

bool ClientSession::resume_after(std::string_view doing, const Failure& failure) {
    if (wait_for_better_times(milliseconds{0})) {
        return true;
    }
    complain(doing, failure);
    return false;
}

bool ClientSession::wait_for_better_times(milliseconds asked) {
    const auto pause = persistence_.pause(Steady::now(), asked);
    if (pause) {
        std::this_thread::sleep_for(*pause);
    }
    return pause.has_value();
}

void ClientSession::complain(std::string_view doing, const ApiAnswer& answer) const {
    const auto text = options_.json ? refusal_json(answer) : refusal_text(doing, answer);
    std::fputs(text.c_str(), stderr);
}

void ClientSession::complain(std::string_view doing, const Failure& failure) const {
    std::fprintf(
        stderr, "error: %s: %s\n", std::string{doing}.c_str(), terminal_text(failure.detail).c_str()
    );
}

void ClientSession::print(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    complete_ = std::fflush(stdout) == 0 && written && complete_;
}

void ClientSession::say(std::string_view line) const {
    if (!options_.quiet) {
        std::fprintf(stderr, "%s\n", std::string{line}.c_str());
    }
}

int ClientSession::ended(int code) const noexcept {
    return code == exit_ok && !complete_ ? exit_some_failed : code;
}

std::string whole_lines(std::string text) {
    if (!text.ends_with('\n')) {
        text += '\n';
    }
    return text;
}

}  // namespace fanfetch
