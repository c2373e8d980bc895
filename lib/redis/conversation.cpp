#include "redis/conversation.hpp"

#include "redis/errors.hpp"

#include <iterator>
#include <utility>

namespace fanfetch::redis {

std::string Conversation::ask(verb command, std::vector<std::string> names, Answered answered) {
    auto bytes = format_command(command, names);
    due_.push_back({command, std::move(names), std::move(answered)});
    return bytes;
}

std::string Conversation::begin_again() {
    auto unanswered = std::exchange(due_, {});
    // Two statements: what is noted as due must have the order of the bytes.
    auto bytes = restore(verb::subscribe, channels_);
    bytes += restore(verb::psubscribe, patterns_);
    restoring_ = due_.size();
    for (auto& due : unanswered) {
        if (due.answered) {
            due.confirmed = 0;
            bytes += format_command(due.command, due.names);
            due_.push_back(std::move(due));
        }
    }
    return bytes;
}

std::string Conversation::restore(verb command, const std::set<std::string>& names) {
    std::string bytes;
    for (auto& batch : command_batches({names.begin(), names.end()})) {
        bytes += ask(command, std::move(batch), nullptr);
    }
    return bytes;
}

void Conversation::answer(const Confirmed& confirmed) {
    if (due_.empty() || due_.front().command != confirmed.command ||
        due_.front().names[due_.front().confirmed] != confirmed.name) {
        throw ProtocolError{"reading a confirmation: of something else than was asked for"};
    }
    note(confirmed);
    if (++due_.front().confirmed == due_.front().names.size()) {
        settle_front(nullptr);
    }
}

void Conversation::note(const Confirmed& confirmed) {
    switch (confirmed.command) {
        case verb::subscribe:
            channels_.insert(confirmed.name);
            return;
        case verb::psubscribe:
            patterns_.insert(confirmed.name);
            return;
        case verb::unsubscribe:
            channels_.erase(confirmed.name);
            return;
        case verb::punsubscribe:
            patterns_.erase(confirmed.name);
            return;
        case verb::ping:
        case verb::quit:
            return;  // these are not confirmed
    }
}

void Conversation::answer(const Pong&) {
    settle_simple(verb::ping);
}

void Conversation::answer(const Ok&) {
    settle_simple(verb::quit);
}

void Conversation::settle_simple(verb command) {
    if (due_.empty() || due_.front().command != command) {
        throw ProtocolError{"reading an answer: to something else than was asked"};
    }
    settle_front(nullptr);
}

void Conversation::answer(const Refusal& refusal) {
    if (due_.empty()) {
        throw ConnectionLost{"the server ended the connection: " + refusal.text};
    }
    const CommandRefused error{
        std::string{word_of(due_.front().command)} + ": the server refused: " + refusal.text};
    if (!due_.front().answered) {
        throw error;
    }
    settle_front(std::make_exception_ptr(error));
}

void Conversation::settle_front(const std::exception_ptr& error) {
    const auto answered = std::move(due_.front().answered);
    due_.pop_front();
    if (answered) {
        answered(error);
    } else {
        --restoring_;
    }
}

void Conversation::abandon(const std::exception_ptr& error) {
    restoring_ = 0;
    for (const auto& due : std::exchange(due_, {})) {
        if (due.answered) {
            due.answered(error);
        }
    }
}

}  // namespace fanfetch::redis
