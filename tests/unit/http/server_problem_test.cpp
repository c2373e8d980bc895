#include "http/problem.hpp"

#include "http/server_types.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Problem, Api01HasTheMembersOfRfc9457AndOurs) {
    const Problem problem{
        failure_code::api_invalid, "reading the options: no number", {{"/options/x", "no number"}}};

    EXPECT_EQ(
        problem_json(problem, "/v1/jobs", "r-1"),
        R"({"type":"/docs#request.invalid_member","title":"The request makes no sense",)"
        R"("status":422,"detail":"reading the options: no number","instance":"/v1/jobs",)"
        R"("code":"request.invalid_member","request_id":"r-1",)"
        R"("errors":[{"pointer":"/options/x","detail":"no number"}]})"
        "\n"
    );
}

TEST(Problem, Inj07InputStandsInItOnlyAsJsonText) {
    const Problem problem{failure_code::api_not_found, "\"<b>\r\n\xff", {}};

    const auto json = problem_json(problem, "/a\"b", "r");

    EXPECT_NE(json.find(R"("instance":"/a\"b")"), std::string::npos);
    EXPECT_EQ(json.find('\r'), std::string::npos);
    EXPECT_EQ(json.find('\xff'), std::string::npos);
}

TEST(Problem, MembersOfAFailureBecomeItsErrors) {
    Failure failure = failed(failure_code::api_invalid, "odd");
    failure.members = {{"/urls/0", "odd"}};

    EXPECT_EQ(problem_of(failure).errors, failure.members);
    EXPECT_EQ(problem_of(failure).detail, "odd");

    failure.members.push_back({"/urls/3", "odder"});

    EXPECT_EQ(problem_of(failure).errors, failure.members);
    EXPECT_EQ(problem_of(failure).detail, "odd (the first of 2 faults)");
}

TEST(Problem, UnavailableServiceSaysWhenToComeBack) {
    const auto reply = problem_reply(failed(failure_code::draining, "shutting down"));

    EXPECT_EQ(reply.status, http::status::service_unavailable);
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].first, "Retry-After");
}

}  // namespace
}  // namespace fanfetch
