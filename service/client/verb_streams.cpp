#include "cli/command_line.hpp"
#include "client/client_session.hpp"
#include "client/event_reader.hpp"
#include "client/interruption.hpp"
#include "client/line_splitter.hpp"
#include "client/result_lines.hpp"
#include "client/verbs.hpp"

namespace fanfetch {
namespace {

constexpr std::uint16_t no_content = 204;

/// How one connection's part of a stream ended.
enum class part_end { whole, more_to_come, broken, refused };

/// One reading of a stream, over as many connections as it takes.
class StreamReading {
public:
    StreamReading(ClientSession& session, std::string doing)
        : session_{session}, doing_{std::move(doing)} {}
    StreamReading(const StreamReading&) = delete;

    /// The exit code.
    int run() {
        for (;;) {
            switch (read_part()) {
                case part_end::whole:
                    return session_.ended(exit_ok);
                case part_end::refused:
                    return exit_refused;
                case part_end::broken:
                case part_end::more_to_come:
                    break;
            }
        }
    }

protected:
    ~StreamReading() = default;

    part_end broken(const Failure& failure) {
        return session_.resume_after(doing_, failure) ? part_end::broken : part_end::refused;
    }

    ClientSession& session_;
    const std::string doing_;

private:
    /// What comes over one connection.
    virtual part_end read_part() = 0;
};

/// The results of a job.
class ResultReading final : public StreamReading {
public:
    ResultReading(ClientSession& session, const ResultsOptions& options)
        : StreamReading{session, "reading the results"}, options_{options} {
        position_.by_index = !by_completion(options);
    }

private:
    part_end read_part() override;
    Expected<void> take(std::string_view line);

    const ResultsOptions& options_;
    StreamPosition position_;
    bool heading_shown_ = false;
    bool ended_ = false;
    bool job_done_ = false;
};

part_end ResultReading::read_part() {
    const auto answer =
        session_.begin_again_and_again(doing_, results_request(options_, position_));
    if (!answer) {
        return part_end::refused;
    }
    if (!session_.json() && !heading_shown_) {
        session_.print(result_heading(options_.fields));
        heading_shown_ = true;
    }
    ended_ = false;
    LineSplitter lines;
    for (;;) {
        const auto piece = session_.api().read();
        if (!piece) {
            return broken(piece.error());
        }
        if (piece->empty()) {
            break;
        }
        lines.feed(*piece);
        for (std::string_view line;;) {
            const auto found = lines.next(line);
            if (found && !*found) {
                break;
            }
            // What is no result will be none the next time either.
            if (auto taken = found ? take(line) : found.error(); !taken) {
                session_.complain(doing_, taken.error());
                return part_end::refused;
            }
        }
    }
    if (!options_.follow) {
        return part_end::whole;
    }
    if (!ended_) {
        return broken(failed(failure_code::http_truncated, "the stream ended before its end"));
    }
    return job_done_ ? part_end::whole : part_end::more_to_come;
}

Expected<void> ResultReading::take(std::string_view line) {
    auto result = read_result_line(line, position_, options_.fields);
    if (!result) {
        return result.error();
    }
    session_.progressed();
    if (result->is_end) {
        ended_ = true;
        job_done_ = result->job_done;
        if (session_.json() && job_done_) {
            session_.print(std::string{line} + '\n');
        }
        return {};
    }
    if (!result->seen) {
        session_.print(session_.json() ? std::string{line} + '\n' : result->text);
    }
    return {};
}

/// The events of a job.
class EventReading final : public StreamReading {
public:
    EventReading(ClientSession& session, const EventsOptions& options)
        : StreamReading{session, "listening to the events"}, options_{options} {}

private:
    part_end read_part() override {
        const auto answer =
            session_.begin_again_and_again(doing_, events_request(options_, last_id_));
        if (!answer) {
            return part_end::refused;
        }
        if (answer->status == no_content) {
            return part_end::whole;
        }
        EventReader events;
        for (;;) {
            const auto piece = session_.api().read();
            const auto failure =
                piece ? failed(failure_code::http_truncated, "the stream ended before its end")
                      : piece.error();
            if (!piece || piece->empty()) {
                return broken(failure);
            }
            events.feed(*piece);
            const auto last = show(events);
            if (!last) {
                session_.complain(doing_, last.error());
                return part_end::refused;
            }
            if (*last) {
                return part_end::whole;
            }
        }
    }

    /// True after the last event of the job.
    Expected<bool> show(EventReader& events) {
        for (ReceivedEvent event;;) {
            const auto found = events.next(event);
            if (!found || !*found) {
                return found;
            }
            session_.progressed();
            if (!event.id.empty()) {
                last_id_ = event.id;
            }
            session_.print(session_.json() ? event_json(event) : event_text(event));
            if (is_last(event)) {
                return true;
            }
        }
    }

    const EventsOptions& options_;
    std::string last_id_;
};

}  // namespace

int run_results(const ClientOptions& client, const ResultsOptions& options) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    return ResultReading{*session, options}.run();
}

int run_events(const ClientOptions& client, const EventsOptions& options) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    return EventReading{*session, options}.run();
}

}  // namespace fanfetch
