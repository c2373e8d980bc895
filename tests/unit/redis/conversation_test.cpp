#include "redis/conversation.hpp"

#include "redis/errors.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace fanfetch::redis {
namespace {

using Names = std::vector<std::string>;
using Set = std::set<std::string>;

std::string words(const std::exception_ptr& error) {
    return error ? describe(error) : "done";
}

class ConversationTest : public ::testing::Test {
protected:
    std::string ask(verb command, Names names) {
        auto note = [this](const std::exception_ptr& error) { heard_.push_back(words(error)); };
        return talk_.ask(command, std::move(names), note);
    }

    void confirm(verb command, const Names& names) {
        for (const auto& name : names) {
            talk_.answer(Confirmed{command, name});
        }
    }

    void subscribed(const Names& names) {
        (void)ask(verb::subscribe, names);
        confirm(verb::subscribe, names);
        heard_.clear();
    }

    Conversation talk_;
    Names heard_;
};

TEST_F(ConversationTest, Rps01ACommandEndsWhenEveryNameIsConfirmed) {
    EXPECT_EQ(ask(verb::subscribe, {"a", "b"}), format_command(verb::subscribe, Names{"a", "b"}));

    talk_.answer(Confirmed{verb::subscribe, "a"});
    EXPECT_EQ(heard_, Names{});
    talk_.answer(Confirmed{verb::subscribe, "b"});

    EXPECT_EQ(heard_, Names{"done"});
    EXPECT_EQ(talk_.channels(), (Set{"a", "b"}));
}

TEST_F(ConversationTest, Rps03AnswersBelongToTheOldestCommand) {
    (void)ask(verb::ping, {});
    (void)ask(verb::subscribe, {"a"});
    (void)ask(verb::ping, {});
    (void)ask(verb::quit, {});

    talk_.answer(Pong{});
    talk_.answer(Refusal{"NOPERM no"});
    talk_.answer(Pong{});
    talk_.answer(Ok{});

    ASSERT_EQ(heard_.size(), 4U);
    EXPECT_EQ(heard_[0], "done");
    EXPECT_NE(heard_[1].find("NOPERM no"), std::string::npos);
    EXPECT_EQ(heard_[2], "done");
    EXPECT_EQ(heard_[3], "done");
    EXPECT_EQ(talk_.channels(), Set{});
}

TEST_F(ConversationTest, Rps07AnAnswerThatIsNotDueIsAProtocolError) {
    EXPECT_THROW(talk_.answer(Pong{}), ProtocolError);
    EXPECT_THROW(talk_.answer(Ok{}), ProtocolError);
    EXPECT_THROW(talk_.answer(Confirmed{verb::subscribe, "a"}), ProtocolError);
    (void)ask(verb::subscribe, {"a"});
    EXPECT_THROW(talk_.answer(Confirmed{verb::subscribe, "b"}), ProtocolError);
    EXPECT_THROW(talk_.answer(Confirmed{verb::unsubscribe, "a"}), ProtocolError);
    EXPECT_THROW(talk_.answer(Confirmed{verb::psubscribe, "a"}), ProtocolError);
    EXPECT_THROW(talk_.answer(Pong{}), ProtocolError);
    EXPECT_THROW(talk_.answer(Ok{}), ProtocolError);
    EXPECT_EQ(heard_, Names{});
}

TEST_F(ConversationTest, Rps04AnErrorNobodyAskedForIsAFarewell) {
    EXPECT_THROW(talk_.answer(Refusal{"ERR max number of clients reached"}), ConnectionLost);
}

TEST_F(ConversationTest, Rps04TheCurrentSetIsWhatTheServerConfirmed) {
    subscribed({"a", "b"});
    (void)ask(verb::psubscribe, {"p*", "q*"});
    confirm(verb::psubscribe, {"p*", "q*"});
    (void)ask(verb::unsubscribe, {"a"});
    confirm(verb::unsubscribe, {"a"});
    (void)ask(verb::punsubscribe, {"q*", "never"});
    confirm(verb::punsubscribe, {"q*", "never"});

    EXPECT_EQ(talk_.channels(), Set{"b"});
    EXPECT_EQ(talk_.patterns(), Set{"p*"});
    EXPECT_EQ(
        talk_.begin_again(),
        format_command(verb::subscribe, Names{"b"}) + format_command(verb::psubscribe, Names{"p*"})
    );
}

TEST_F(ConversationTest, Rps04IsRestoredWhenTheSetIsConfirmedAgain) {
    subscribed({"a", "b"});
    EXPECT_TRUE(talk_.restored());

    (void)talk_.begin_again();

    EXPECT_FALSE(talk_.restored());
    talk_.answer(Confirmed{verb::subscribe, "a"});
    EXPECT_FALSE(talk_.restored());
    talk_.answer(Confirmed{verb::subscribe, "b"});
    EXPECT_TRUE(talk_.restored());
    EXPECT_EQ(heard_, Names{}) << "nobody asked for it";
}

TEST_F(ConversationTest, Rps04ADropWhileRestoringRestoresTheSameSetAgain) {
    subscribed({"a", "b"});
    const auto first = talk_.begin_again();
    talk_.answer(Confirmed{verb::subscribe, "a"});

    EXPECT_EQ(talk_.begin_again(), first);
}

TEST_F(ConversationTest, Rps04WhatWasNotAnsweredIsAskedAgainInOrder) {
    subscribed({"a"});
    (void)ask(verb::subscribe, {"b", "c"});
    (void)ask(verb::ping, {});
    (void)ask(verb::unsubscribe, {"a"});
    talk_.answer(Confirmed{verb::subscribe, "b"});

    const auto bytes = talk_.begin_again();

    EXPECT_EQ(
        bytes, format_command(verb::subscribe, Names{"a", "b"}) +
                   format_command(verb::subscribe, Names{"b", "c"}) +
                   format_command(verb::ping, {}) + format_command(verb::unsubscribe, Names{"a"})
    );
    confirm(verb::subscribe, {"a", "b"});
    EXPECT_TRUE(talk_.restored());
    EXPECT_EQ(heard_, Names{});
    confirm(verb::subscribe, {"b", "c"});
    talk_.answer(Pong{});
    confirm(verb::unsubscribe, {"a"});
    EXPECT_EQ(heard_, (Names{"done", "done", "done"}));
    EXPECT_EQ(talk_.channels(), (Set{"b", "c"}));
}

TEST_F(ConversationTest, Rps04ASubscriptionThatIsRefusedTheSecondTimeEndsIt) {
    subscribed({"a"});
    (void)talk_.begin_again();

    EXPECT_THROW(talk_.answer(Refusal{"NOPERM no"}), CommandRefused);
}

TEST_F(ConversationTest, Rps04EveryoneWhoWaitsHearsOfTheEnd) {
    subscribed({"a"});
    (void)talk_.begin_again();
    (void)ask(verb::ping, {});
    (void)ask(verb::subscribe, {"b"});

    talk_.abandon(std::make_exception_ptr(ProtocolError{"nonsense"}));

    const std::string nonsense = "fanfetch::redis::ProtocolError: nonsense";
    EXPECT_EQ(heard_, (Names{nonsense, nonsense}));
}

}  // namespace
}  // namespace fanfetch::redis
