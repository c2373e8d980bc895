#pragma once

#include <functional>
#include <utility>

namespace fanfetch {

/// Whether a connection has a place of its own, or is one too many and may only ask for what is
/// essential.
enum class session_kind { regular, overflow };

/// What a session takes of the server's bounds on connections; given back when it goes, also when
/// the session never came to be.
///
/// Threads  one owner at a time; `give_back` is called on its thread, and outlives all places
class SessionPlace {
public:
    using GiveBack = std::function<void(session_kind)>;

    SessionPlace(const GiveBack& give_back, session_kind kind) noexcept
        : give_back_{&give_back}, kind_{kind} {}
    SessionPlace(SessionPlace&& other) noexcept
        : give_back_{std::exchange(other.give_back_, nullptr)}, kind_{other.kind_} {}
    SessionPlace& operator=(SessionPlace&&) = delete;
    ~SessionPlace() {
        if (give_back_ != nullptr) {
            (*give_back_)(kind_);
        }
    }

    [[nodiscard]] session_kind kind() const noexcept { return kind_; }

private:
    const GiveBack* give_back_;
    session_kind kind_;
};

}  // namespace fanfetch
