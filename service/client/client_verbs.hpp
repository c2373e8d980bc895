#pragma once

#include "client/verbs.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace fanfetch {

/// The verbs against a server, as the parser of arguments sees them.
///
/// Threads  one
class ClientVerbs {
public:
    ClientVerbs() = default;
    ClientVerbs(const ClientVerbs&) = delete;
    ClientVerbs& operator=(const ClientVerbs&) = delete;

    /// Declares them; parsing fills this, which outlives `program`.
    void add_to(CLI::App& program);

    /// Runs the verb that was given; nullopt when it is none of these.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App& add(
        CLI::App& program, const char* name, const char* description, std::function<int()> run
    );
    void add_submit(CLI::App& program);
    void add_wait(CLI::App& program);
    void add_results(CLI::App& program);
    void add_events(CLI::App& program);
    void add_export(CLI::App& program);
    void add_control(CLI::App& program);

    ClientOptions client_;
    SubmitOptions submit_;
    WaitOptions wait_;
    ResultsOptions results_;
    EventsOptions events_;
    ExportOptions export_;
    RetryOrder retry_;
    std::vector<std::string> jobs_;
    bool drain_ = false;
    std::vector<std::pair<CLI::App*, std::function<int()>>> verbs_;
};

}  // namespace fanfetch
