#pragma once

#include "client/api_connection.hpp"
#include "client/client_options.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// How long to keep trying after a connection has broken or a server has said "not now": from a
/// fifth of a second to five seconds apart, for half a minute without success.
///
/// Threads  one owner
class Persistence {
public:
    static constexpr std::chrono::milliseconds longest_trouble{30'000};

    /// How long to wait before the next try, at least what the server asked for; nullopt: it is
    /// time to give up.
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause(
        Steady::time_point now, std::chrono::milliseconds asked
    ) noexcept;
    void succeeded() noexcept { *this = {}; }

private:
    std::optional<Steady::time_point> since_;
    std::chrono::milliseconds next_{200};
};

/// What the verbs against a server share: one connection, and the two streams of the terminal.
///
/// What was asked for goes to standard output, everything else to standard error.
///
/// Threads  one; every call blocks
class ClientSession {
public:
    /// Says what is wrong with the arguments; null then.
    [[nodiscard]] static std::unique_ptr<ClientSession> open(const ClientOptions& options);
    explicit ClientSession(ApiAccess access, const ClientOptions& options)
        : api_{std::move(access)}, options_{options} {}

    [[nodiscard]] ApiConnection& api() noexcept { return api_; }
    [[nodiscard]] bool json() const noexcept { return options_.json; }
    [[nodiscard]] bool quiet() const noexcept { return options_.quiet; }

    /// A good answer; whatever else comes is complained of, and there is none.
    [[nodiscard]] std::optional<ApiAnswer> ask(
        std::string_view doing, const ApiRequest& request, BodySource* body = nullptr
    );

    /// The same, but for the body, which is still to be read; false when there is no good answer.
    [[nodiscard]] bool ask_for_stream(std::string_view doing, const ApiRequest& request);

    /// As `ask` for a server that may be gone for a while: once it has answered, a connection that
    /// breaks and an answer that is passing are not the end.
    [[nodiscard]] std::optional<ApiAnswer> ask_again_and_again(
        std::string_view doing, const ApiRequest& request
    );

    /// As above, but for the body, which is still to be read.
    [[nodiscard]] std::optional<ApiAnswer> begin_again_and_again(
        std::string_view doing, const ApiRequest& request
    );

    /// Something of a stream has come, so that what troubles there were are over.
    void progressed() noexcept { persistence_.succeeded(); }

    /// Whether to go on after a stream broke; waits a little first. Complains when not.
    [[nodiscard]] bool resume_after(std::string_view doing, const Failure& failure);

    void complain(std::string_view doing, const ApiAnswer& answer) const;
    void complain(std::string_view doing, const Failure& failure) const;

    /// Whole lines, at once.
    void print(std::string_view text);
    void say(std::string_view line) const;

    /// `code`, unless what was asked for did not get out.
    [[nodiscard]] int ended(int code) const noexcept;

private:
    std::optional<ApiAnswer> begin_persistently(
        std::string_view doing, const ApiRequest& request, bool whole
    );
    [[nodiscard]] bool wait_for_better_times(std::chrono::milliseconds asked);

    ApiConnection api_;
    ClientOptions options_;
    Persistence persistence_;
    bool has_answered_ = false;
    bool complete_ = true;  // what was printed arrived
};

/// `text` with the end of a line behind it.
[[nodiscard]] std::string whole_lines(std::string text);

}  // namespace fanfetch
