#pragma once

#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "http/problem.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fanfetch {

namespace http = boost::beast::http;

/// The body of a request, read piece by piece, so that an upload of any length takes bounded
/// memory. A handler that does not read it is fine: the session drains or closes.
class RequestBody {
public:
    virtual ~RequestBody() = default;

    /// The next piece; an empty view at the end. Valid until the next call. The first call answers
    /// `Expect: 100-continue`.
    ///
    /// Errors  upload_aborted, api_timeout, api_bad_request and api_header_too_large (framing);
    ///         once failed, every further call fails alike and the connection closes after the
    ///         reply
    virtual awaitable<Expected<std::string_view>> next() = 0;

    /// Content-Length, where there is one.
    [[nodiscard]] virtual std::optional<std::uint64_t> declared_size() const = 0;

    /// All of it, or api_body_too_large beyond `limit` bytes. A declared size beyond the limit is
    /// refused before anything is read.
    awaitable<Expected<std::string>> read_all(std::uint64_t limit);
};

/// Whether somebody still waits for the answer.
class ClientWatch {
public:
    virtual ~ClientWatch() = default;

    /// Calls back, once and on the session's shard, when the client closes its side or resets the
    /// connection. See HttpRequest::on_client_gone.
    virtual void on_client_gone(std::function<void()> callback) = 0;

    /// Calls back, once and on the session's shard, when the session is about to end: the service
    /// does. See HttpRequest::on_ending.
    virtual void on_ending(std::function<void()> callback) = 0;
};

/// The query of a request target, decoded, in the order given; duplicates are kept.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

class Principal;  // of the module auth, which this one does not know

/// One request as a handler sees it. It lives until its reply, streamed ones included, is complete.
struct HttpRequest {
    http::verb method = http::verb::unknown;
    std::string method_string;
    std::string target;  ///< as it was sent
    std::string path;    ///< percent-decoded per segment, begins with '/'
    QueryParameters query;
    std::map<std::string, std::string, std::less<>>
        path_parameters;   ///< filled by the router: {id}
    http::fields headers;  ///< of the header section alone: trailers are dropped
    std::string request_id;
    std::string peer;  ///< address without port
    /// Who asks: set by what stands in front of the handlers and judges credentials.
    std::shared_ptr<const Principal> principal;
    RequestBody* body = nullptr;
    ClientWatch* client = nullptr;

    /// Asks to be told when the client has gone away; for work that is worth stopping then. The
    /// callback is forgotten when the handler ends, so it may refer to what lives in there; but if
    /// the reply is a stream, only when its producer ends: then it must own what it uses.
    ///
    /// A closed sending side counts as gone, because it is all that is seen of a client that was
    /// killed. The reply is sent all the same, so a client that only half-closed still gets the
    /// answer of a handler that did not stop. Watching begins once the body has been read. Nothing
    /// can be seen behind pipelined requests that fill the read buffer.
    void on_client_gone(std::function<void()> callback) const {
        if (client != nullptr) {
            client->on_client_gone(std::move(callback));
        }
    }

    /// Asks to be told when the service is about to end; for work that waits for something that
    /// will not happen before the next start, so that the client gets a last answer instead of a
    /// reset. Forgotten like the callbacks above.
    void on_ending(std::function<void()> callback) const {
        if (client != nullptr) {
            client->on_ending(std::move(callback));
        }
    }
};

/// Where a streamed answer goes. Writing waits while the client does not read.
class ResponseStream {
public:
    virtual ~ResponseStream() = default;

    /// Sends `bytes`; false once nothing can be sent any more (and from then on).
    virtual awaitable<bool> write(std::string_view bytes) = 0;

    /// Whether the client has closed its side or the session is ending. A producer that waits for
    /// something to happen looks here and ends, after one last word if it likes; one that has its
    /// bytes at hand only looks at what write() says, so that a client that half-closed gets them.
    [[nodiscard]] virtual bool gone() const noexcept = 0;

    /// Calls back, once and on the session's shard, as soon as gone() is true.
    virtual void on_gone(std::function<void()> callback) = 0;
};

/// Produces a streamed body. Ends by returning; the framing is the session's. An exception, or
/// fewer bytes than announced, breaks the connection off, so that the client sees the truncation.
using StreamProducer = std::function<awaitable<void>(ResponseStream&)>;

/// One answer: a status, fields, and either a whole body or a producer of one.
struct HttpReply {
    http::status status = http::status::ok;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    StreamProducer stream{};                       ///< when set, `body` is not used
    std::optional<std::uint64_t> stream_length{};  ///< known length of a streamed body
    std::optional<Problem> problem{};              ///< when set, the session renders it as the body
    bool close = false;                            ///< end the connection after this answer

    void set(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
    }
};

/// Answers one request. Runs on the session's shard, several at a time on several shards; a thrown
/// exception becomes a 500 problem.
using HttpHandler = std::function<awaitable<HttpReply>(HttpRequest&)>;

/// A reply that reports `failure`, with the status of its code.
[[nodiscard]] HttpReply problem_reply(const Failure& failure);
[[nodiscard]] HttpReply problem_reply(Problem problem);

}  // namespace fanfetch
