#include "http/session.hpp"

#include "base/expected.hpp"
#include "base/failure_error.hpp"
#include "base/log.hpp"
#include "http/field_syntax.hpp"
#include "http/http_date.hpp"
#include "http/server_target.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// An overflow connection must not wait for a slow client.
constexpr std::chrono::milliseconds overflow_header_timeout{1'000};
constexpr std::size_t max_request_id = 128;

std::string_view thrown_text(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return exception.what();  // lives in the exception, which `error` keeps
    } catch (...) {
        return "not a std::exception";
    }
}

/// What the client is told of an exception: a failure that was thrown as such, else nothing more.
Failure thrown_failure(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const FailureError& exception) {
        return exception.failure();
    } catch (...) {
        return failed(failure_code::internal, "answering the request: an internal error");
    }
}

}  // namespace

std::string_view SessionContext::date() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (now != dated_ || date_.empty()) {
        dated_ = now;
        date_ = to_http_date(now);
    }
    return date_;
}

Session::Session(
    SessionContext& context, LoopExecutor executor, std::unique_ptr<Wire> wire, std::string peer,
    session_kind kind
)
    : context_{context},
      limits_{context.options->limits},
      io_{std::move(wire), deadlines_of(executor),
          limits_.request.header_bytes + SessionBuffer::body_bytes},
      watch_{io_, executor},
      parser_{limits_.request},
      peer_{std::move(peer)},
      kind_{kind},
      closing_{kind == session_kind::overflow} {}

awaitable<void> Session::run() {
    std::exception_ptr thrown;
    try {
        co_await serve();
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) {
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() == asio::cancellation_type::none) {
            log_thrown("http_session_threw", {}, thrown);
        }
        // What is still to be awaited must not be cancelled in turn.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        io_.wire().abort();
    }
    co_await watch_.end();
    io_.wire().close();
}

awaitable<void> Session::serve() {
    do {
        const auto end = co_await read_head();
        if (end != head_end::complete) {
            break;
        }
        co_await exchange();
        idle_ = true;
        served_ = true;
        io_.buffer().shrink();
        if (stopping_ && !closing_) {  // the reply began before it was known that it is the last
            closing_ = true;
            lingering_ = true;
        }
    } while (!closing_);
    if (lingering_) {
        co_await linger();
    }
}

Steady::time_point Session::first_deadline() const {
    if (kind_ == session_kind::overflow) {
        return after(std::min(limits_.header_timeout, overflow_header_timeout));
    }
    return after(served_ ? limits_.idle_timeout : limits_.header_timeout);
}

awaitable<Session::head_end> Session::read_head() {
    parser_.reset();
    auto deadline = first_deadline();
    for (;;) {
        const auto used = parser_.put(io_.buffer().unread());
        if (!used) {
            co_await refuse(used.error());
            co_return head_end::refused;
        }
        io_.buffer().consume(*used);
        if (parser_.done()) {
            idle_ = false;
            co_return head_end::complete;
        }
        if (idle_ && (parser_.started() || !io_.buffer().empty())) {
            idle_ = false;
            if (served_) {
                deadline = after(limits_.header_timeout);
            }
        }
        const auto end = co_await io_.fill(SessionBuffer::idle_bytes, deadline);
        if (end == read_end::data) {
            continue;
        }
        if (end == read_end::timed_out && kind_ == session_kind::overflow) {
            co_await refuse(failed(failure_code::queue_full, "connecting: no room for more clients")
            );
        } else if (end == read_end::timed_out && !idle_) {
            co_await refuse(failed(failure_code::api_timeout, "reading the request: too slow"));
        }
        co_return head_end::closed;
    }
}

awaitable<void> Session::exchange() {
    auto framing = judge_framing(parser_.head());
    if (!framing) {
        co_await refuse(framing.error());
        co_return;
    }
    framing_ = *framing;
    minor_version_ = parser_.head().minor_version;

    SessionBody body{io_, watch_, limits_, framing_};
    auto request = take_request(body);
    auto reply = co_await answer(request);
    co_await write_reply(request, std::move(reply), body);
    co_await watch_.end();
    if (!closing_ && !co_await body.drain()) {
        closing_ = true;
        lingering_ = true;
    }
}

HttpRequest Session::take_request(SessionBody& body) {
    auto& head = parser_.head();
    HttpRequest request;
    request.method = head.method;
    request.method_string = std::move(head.method_string);
    request.target = std::move(head.target);
    request.headers = std::move(head.fields);
    request.request_id = choose_request_id(request.headers["X-Request-Id"]);
    request.peer = peer_;
    request.body = &body;
    request.client = &watch_;
    return request;
}

std::string Session::choose_request_id(std::string_view given) {
    if (given.size() <= max_request_id && is_token(given)) {
        return std::string{given};
    }
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), ++context_.requests).ptr;
    std::string id;
    id.reserve(context_.request_id_base.size() + digits.size());
    id.append(context_.request_id_base).append(digits.begin(), end);
    return id;
}

awaitable<HttpReply> Session::answer(HttpRequest& request) {
    auto target = parse_request_target(request.target);
    if (!target) {
        co_return problem_reply(target.error());
    }
    if (!target->authority.empty() && !is_host_and_port(target->authority)) {
        co_return problem_reply(
            failed(failure_code::api_bad_request, "reading the request target: not a host")
        );
    }
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    if (kind_ == session_kind::overflow && !context_.options->essential(request)) {
        co_return problem_reply(
            failed(failure_code::queue_full, "connecting: no room for more clients")
        );
    }

    std::exception_ptr thrown;
    try {
        auto reply = co_await (*context_.handler)(request);
        if (!reply.stream) {
            watch_.forget_callbacks();  // they may refer to the handler's frame, which is gone
        }
        check_reply_fields(reply);
        co_return reply;
    } catch (...) {
        thrown = std::current_exception();
        watch_.forget_callbacks();
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        std::rethrow_exception(thrown);
    }
    log_thrown("http_handler_threw", request.request_id, thrown);
    co_return problem_reply(thrown_failure(thrown));
}

void Session::log_thrown(
    std::string_view event, std::string_view request_id, const std::exception_ptr& error
) const {
    if (auto* log = context_.options->log) {
        log->error(event, {{"request_id", request_id}, {"error", thrown_text(error)}});
    }
}

void Session::stop() {
    stopping_ = true;
    if (idle_) {
        io_.interrupt();
    } else {
        watch_.report_ending();
    }
}

}  // namespace fanfetch
