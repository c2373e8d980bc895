#include "support/tls_origin.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>

#include <array>

namespace fanfetch::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Listener = asio::basic_socket_acceptor<tcp, LoopExecutor>;
using Socket = asio::basic_stream_socket<tcp, LoopExecutor>;

}  // namespace

/// Shared with the handlers of the loop, which may outlive the origin by a turn.
struct TlsOrigin::State : std::enable_shared_from_this<State> {
    struct Session {
        Session(Socket socket, asio::ssl::context& context) : stream{std::move(socket), context} {}
        asio::ssl::stream<Socket> stream;
        std::array<char, 1024> buffer{};
    };

    explicit State(LoopExecutor loop)
        : listener{loop, tcp::endpoint{asio::ip::address_v4::loopback(), 0}} {}

    asio::ssl::context context{asio::ssl::context::tls_server};
    Listener listener;
    std::size_t connections = 0;
    std::size_t bytes = 0;
    std::string server_name;
    std::string protocol;

    /// Called by OpenSSL in the middle of a handshake: notes what the client asks for, and takes
    /// h2 rather than http/1.1 when it offers both.
    static int choose_protocol(
        SSL* stream, const unsigned char** chosen, unsigned char* size,
        const unsigned char* offered, unsigned int offered_size, void* self
    ) {
        static constexpr auto known =
            std::to_array<unsigned char>({2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'});
        auto& state = *static_cast<State*>(self);
        const char* name = ::SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name);
        state.server_name = name == nullptr ? "" : name;
        unsigned char* picked = nullptr;
        const int result = ::SSL_select_next_proto(
            &picked, size, known.data(), static_cast<unsigned>(known.size()), offered, offered_size
        );
        if (result != OPENSSL_NPN_NEGOTIATED) {
            return SSL_TLSEXT_ERR_NOACK;
        }
        *chosen = picked;
        state.protocol.assign(reinterpret_cast<const char*>(picked), *size);
        return SSL_TLSEXT_ERR_OK;
    }

    void accept() {
        auto accepted = [self = shared_from_this()](const error_code& error, Socket socket) {
            if (error) {
                return;
            }
            ++self->connections;
            self->shake(std::make_shared<Session>(std::move(socket), self->context));
            self->accept();
        };
        listener.async_accept(std::move(accepted));
    }

    void shake(const std::shared_ptr<Session>& session) {
        auto shaken = [self = shared_from_this(), session](const error_code& error) {
            if (!error) {
                self->read(session);
            }
        };
        session->stream.async_handshake(asio::ssl::stream_base::server, std::move(shaken));
    }

    void read(const std::shared_ptr<Session>& session) {
        auto received = [self = shared_from_this(),
                         session](const error_code& error, std::size_t n) {
            self->bytes += n;
            if (!error) {
                self->read(session);
            }
        };
        session->stream.async_read_some(asio::buffer(session->buffer), std::move(received));
    }
};

TlsOrigin::TlsOrigin(
    LoopExecutor loop, const Credential& leaf, const std::vector<Credential>& chain
)
    : state_{std::make_shared<State>(loop)} {
    std::string presented = leaf.certificate_pem();
    for (const Credential& link : chain) {
        presented += link.certificate_pem();
    }
    ::SSL_CTX_set_security_level(state_->context.native_handle(), 0);  // whatever the test wants
    state_->context.use_certificate_chain(asio::buffer(presented));
    state_->context.use_private_key(asio::buffer(leaf.key_pem()), asio::ssl::context::pem);
    ::SSL_CTX_set_alpn_select_cb(
        state_->context.native_handle(), &State::choose_protocol, state_.get()
    );
    state_->accept();
}

TlsOrigin::~TlsOrigin() {
    state_->listener.close();
}

asio::ssl::context& TlsOrigin::context() noexcept {
    return state_->context;
}

std::uint16_t TlsOrigin::port() const {
    return state_->listener.local_endpoint().port();
}

std::size_t TlsOrigin::connections() const noexcept {
    return state_->connections;
}

const std::string& TlsOrigin::server_name() const noexcept {
    return state_->server_name;
}

const std::string& TlsOrigin::protocol() const noexcept {
    return state_->protocol;
}

std::size_t TlsOrigin::bytes_received() const noexcept {
    return state_->bytes;
}

}  // namespace fanfetch::testing
