#include "http/response_reader.hpp"

#include <algorithm>

namespace fanfetch {

ResponseReader::ResponseReader(ResponseLimits limits) {
    reset({}, limits);
}

void ResponseReader::reset(std::string_view method) {
    reset(method, limits_);
}

void ResponseReader::reset(std::string_view method, ResponseLimits limits) {
    limits_ = limits;
    state_ = state::head;
    method_.assign(method);
    header_left_ = static_cast<std::size_t>(limits_.header.bytes);
    parser_.reset({header_left_, limits_.fields});
    partial_head_.clear();
    interim_ = 0;
    told_to_continue_ = false;
    framing_ = {};
    body_bytes_ = 0;
    received_bytes_ = 0;
}

Expected<ResponseStep> ResponseReader::next(std::string_view bytes) {
    auto step = advance(bytes);
    if (!step) {
        state_ = state::failed;
        failure_ = step.error();
        return step;
    }
    received_bytes_ += step->consumed;
    return step;
}

Expected<ResponseStep> ResponseReader::advance(std::string_view bytes) {
    switch (state_) {
        case state::head:
            return next_head(bytes);
        case state::body_length:
            return next_of_length(bytes);
        case state::body_chunked:
            return next_chunked(bytes);
        case state::body_until_close:
            return deliver(bytes.size(), bytes);
        case state::complete:
            return ResponseStep{response_event::complete, 0, {}};
        case state::failed:
            break;
    }
    return failure_;
}

Expected<ResponseStep> ResponseReader::next_head(std::string_view bytes) {
    std::size_t consumed = 0;
    while (consumed < bytes.size()) {
        auto used = read_head(bytes.substr(consumed));
        if (!used) {
            return std::move(used).error();
        }
        consumed += *used;
        if (!parser_.complete()) {
            break;
        }
        header_left_ -= parser_.head().wire_bytes;
        const bool interim = parser_.head().status < 200;
        if (auto went_on = interim ? skip_interim() : begin_body(); !went_on) {
            return std::move(went_on).error();
        }
        if (!interim) {
            return ResponseStep{response_event::head, consumed, {}};
        }
    }
    return ResponseStep{response_event::need_more, consumed, {}};
}

/// Gives the parser what has come of this head: in place when it is all there at once, as it
/// nearly always is, else gathered in `partial_head_`. Returns how many of `bytes` belong to it.
Expected<std::size_t> ResponseReader::read_head(std::string_view bytes) {
    const auto before = partial_head_.size();
    if (before > 0) {
        partial_head_.append(bytes.substr(0, header_left_ + 1 - before));
    }
    auto parsed = parser_.parse(before > 0 ? std::string_view{partial_head_} : bytes);
    if (!parsed) {
        return std::move(parsed).error();
    }
    if (*parsed == head_state::need_more) {
        if (before == 0) {
            partial_head_.assign(bytes);
        }
        return bytes.size();
    }
    partial_head_.clear();
    return parser_.head().wire_bytes - before;
}

Expected<void> ResponseReader::skip_interim() {
    constexpr int go_on = 100;
    constexpr int switching_protocols = 101;
    if (parser_.head().status == switching_protocols) {
        return failed(
            failure_code::http_malformed, "reading the response: 101 without a request to upgrade"
        );
    }
    if (++interim_ > limits_.interim_responses) {
        return failed(
            failure_code::limit_interim, "reading the response: more than " +
                                             std::to_string(limits_.interim_responses) +
                                             " interim responses"
        );
    }
    told_to_continue_ = told_to_continue_ || parser_.head().status == go_on;
    parser_.reset({header_left_, limits_.fields});
    return {};
}

Expected<void> ResponseReader::begin_body() {
    auto framing = frame_response(method_, parser_.head());
    if (!framing) {
        return std::move(framing).error();
    }
    framing_ = *framing;
    switch (framing_.kind) {
        case body_framing::none:
            state_ = state::complete;
            break;
        case body_framing::length:
            state_ = framing_.length == 0 ? state::complete : state::body_length;
            break;
        case body_framing::chunked:
            state_ = state::body_chunked;
            chunks_.reset(
                {.max_extension_bytes = static_cast<std::size_t>(limits_.chunk_extensions.bytes),
                 .max_trailer_bytes = header_left_,
                 .max_trailer_fields = limits_.fields}
            );
            break;
        case body_framing::until_close:
            state_ = state::body_until_close;
            break;
    }
    return {};
}

Expected<ResponseStep> ResponseReader::next_of_length(std::string_view bytes) {
    if (framing_.length > limits_.body.bytes) {
        return body_too_large();
    }
    const auto left = framing_.length - body_bytes_;
    const auto body =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
    if (body.size() == left) {
        state_ = state::complete;
    }
    return deliver(body.size(), body);
}

Expected<ResponseStep> ResponseReader::next_chunked(std::string_view bytes) {
    auto piece = chunks_.next(bytes);
    if (!piece) {
        return std::move(piece).error();
    }
    if (chunks_.done()) {
        state_ = state::complete;
        return ResponseStep{response_event::complete, piece->consumed, {}};
    }
    return deliver(piece->consumed, piece->body);
}

Expected<ResponseStep> ResponseReader::deliver(std::size_t consumed, std::string_view body) {
    if (body.size() > limits_.body.bytes - body_bytes_) {
        return body_too_large();
    }
    body_bytes_ += body.size();
    return ResponseStep{
        body.empty() ? response_event::need_more : response_event::body, consumed, body};
}

Failure ResponseReader::body_too_large() const {
    return failed(
        failure_code::limit_body_size,
        "reading the body: more than " + to_string(limits_.body) + " allowed"
    );
}

Expected<void> ResponseReader::finish(stream_end how) {
    if (state_ == state::complete) {
        return {};
    }
    if (state_ == state::failed) {
        return failure_;
    }
    if (state_ == state::body_until_close && how == stream_end::orderly) {
        state_ = state::complete;
        return {};
    }
    state_ = state::failed;
    failure_ = failed(
        failure_code::http_truncated, "reading the response: the connection ended after " +
                                          std::to_string(received_bytes_) +
                                          " bytes, before the response did"
    );
    return failure_;
}

}  // namespace fanfetch
