// The half of a session that writes.
#include "http/server_gzip.hpp"
#include "http/server_negotiation.hpp"
#include "http/session.hpp"
#include "http/session_stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// What is read and thrown away after the last reply, so that a reset does not overtake it.
constexpr std::size_t max_lingered_bytes = 1024 * 1024;
/// A reply head that once grew beyond this gives its memory back.
constexpr std::size_t max_kept_head = 2 * 1024;
/// What is compressed before others get their turn; about a millisecond.
constexpr std::size_t bytes_per_turn = 64 * 1024;

/// What a problem document may repeat of a target: not the query, which may hold a secret.
std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

/// Decides about gzip, and says so in the fields of `reply`.
bool choose_coding(const HttpRequest& request, HttpReply& reply) {
    if (!is_compressible(reply)) {
        return false;
    }
    const bool coded = accepts_coding(request.headers[http::field::accept_encoding], "gzip");
    declare_coding(reply, coded);
    return coded;
}

awaitable<std::string> compress(std::string_view body) {
    const auto executor = co_await asio::this_coro::executor;
    GzipEncoder encoder;
    std::string coded;
    while (body.size() > bytes_per_turn) {
        encoder.put(body.substr(0, bytes_per_turn), gzip_flush::none, coded);
        body.remove_prefix(bytes_per_turn);
        co_await asio::post(executor, no_throw);
    }
    encoder.put(body, gzip_flush::end, coded);
    co_return coded;
}

void count(const ServerMetrics* metrics, http::status status) {
    constexpr std::size_t hundreds = 100;
    if (metrics != nullptr) {
        metrics->answers.elsewhere(static_cast<std::size_t>(status) / hundreds - 1).add_shared();
    }
}

awaitable<void> produce(const HttpReply& reply, ResponseStream& stream, bool coded) {
    if (!coded) {
        co_await reply.stream(stream);
        co_return;
    }
    GzipStream gzip{stream};
    co_await reply.stream(gzip);
    co_await gzip.finish();
}

}  // namespace

awaitable<void> Session::write_reply(HttpRequest& request, HttpReply reply, SessionBody& body) {
    if (reply.problem) {
        reply.body = problem_json(*reply.problem, path_of(request.target), request.request_id);
        reply.set("Content-Type", std::string{problem_content_type});
    }
    const bool coded = choose_coding(request, reply);
    if (coded && !reply.stream) {
        reply.body = co_await compress(reply.body);
    }

    const bool body_in_the_way = !body.can_drain();
    const bool keep_alive =
        framing_.keep_alive && !closing_ && !reply.close && !body_in_the_way && !context_.draining;
    auto frame = frame_reply(reply, minor_version_, keep_alive);
    frame.request_id = request.request_id;
    frame.date = context_.date();
    closing_ = !frame.keep_alive;
    // Whoever asked for the end himself sends nothing more; anybody else may be in mid-sentence.
    lingering_ = closing_ && (body_in_the_way || framing_.keep_alive);

    const bool wants_body = request.method != http::verb::head;
    bool whole = co_await send_whole(reply, frame, wants_body);
    if (whole && wants_body && reply.stream && frame.framing != reply_framing::none) {
        whole = co_await send_stream(request, reply, frame, coded);
    }
    if (!whole) {
        closing_ = true;
        lingering_ = false;
        io_.wire().abort();
    }
    if (head_.capacity() > max_kept_head) {
        head_ = {};
    }
}

awaitable<bool> Session::send_whole(
    const HttpReply& reply, const ReplyFrame& frame, bool with_body
) {
    count(context_.options->metrics, reply.status);
    head_.clear();
    append_reply_head(head_, reply, frame);
    WriteBuffers buffers{asio::buffer(head_)};
    if (with_body && !reply.stream && frame.framing == reply_framing::counted) {
        buffers[1] = asio::buffer(reply.body);
    }
    return io_.send(buffers, limits_.write_stall);
}

awaitable<bool> Session::send_stream(
    const HttpRequest& request, const HttpReply& reply, const ReplyFrame& frame, bool coded
) {
    SessionStream stream{io_, watch_, frame, limits_.write_stall};
    std::exception_ptr thrown;
    try {
        const SessionWatch::Scope scope{watch_};
        co_await produce(reply, stream, coded);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) {
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            std::rethrow_exception(thrown);
        }
        log_thrown("http_stream_threw", request.request_id, thrown);
        co_return false;
    }
    co_return co_await stream.finish();
}

awaitable<void> Session::refuse(Failure failure) {
    closing_ = true;
    auto reply = problem_reply(failure);
    const auto request_id = choose_request_id({});
    reply.body = problem_json(*reply.problem, {}, request_id);
    reply.set("Content-Type", std::string{problem_content_type});
    auto frame = frame_reply(reply, 1, false);
    frame.request_id = request_id;
    frame.date = context_.date();
    lingering_ = co_await send_whole(reply, frame, true);
}

awaitable<void> Session::linger() {
    io_.wire().shutdown_send();
    const auto deadline = after(limits_.linger);
    std::size_t dropped = io_.buffer().unread().size();
    io_.buffer().consume(dropped);
    while (dropped < max_lingered_bytes) {
        if (co_await io_.fill(SessionBuffer::body_bytes, deadline) != read_end::data) {
            co_return;
        }
        const auto size = io_.buffer().unread().size();
        io_.buffer().consume(size);
        dropped += size;
    }
}

}  // namespace fanfetch
