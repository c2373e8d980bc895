#include "http/router.hpp"

#include "http/router_query.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace fanfetch {
namespace {

/// A handler that answers with its name and the parameters it got.
HttpHandler named(std::string name) {
    return [name](HttpRequest& request) -> awaitable<HttpReply> {
        std::string text = name;
        for (const auto& [key, value] : request.path_parameters) {
            text += " " + key + "=" + value;
        }
        co_return HttpReply{.body = text};
    };
}

HttpReply ask(const Router& router, http::verb method, std::string path) {
    boost::asio::io_context loop;
    HttpRequest request;
    request.method = method;
    request.path = std::move(path);
    std::optional<HttpReply> reply;
    boost::asio::co_spawn(
        loop.get_executor(), router.answer(request),
        [&](std::exception_ptr, HttpReply answer) { reply = std::move(answer); }
    );
    loop.run();
    return *reply;
}

Router make_router() {
    Router router;
    router.add(http::verb::get, "/", named("root"));
    router.add(http::verb::get, "/v1/jobs", named("list"));
    router.add(http::verb::post, "/v1/jobs", named("submit"));
    router.add(http::verb::get, "/v1/jobs/{id}", named("status"));
    router.add(http::verb::get, "/v1/jobs/{id}/results/{index}", named("result"));
    router.add(http::verb::get, "/v1/jobs/all", named("all"));
    return router;
}

TEST(Router, FindsLiteralsBeforeNames) {
    const auto router = make_router();

    EXPECT_EQ(ask(router, http::verb::get, "/").body, "root");
    EXPECT_EQ(ask(router, http::verb::get, "/v1/jobs").body, "list");
    EXPECT_EQ(ask(router, http::verb::post, "/v1/jobs").body, "submit");
    EXPECT_EQ(ask(router, http::verb::get, "/v1/jobs/all").body, "all");
    EXPECT_EQ(ask(router, http::verb::get, "/v1/jobs/a b").body, "status id=a b");
    EXPECT_EQ(ask(router, http::verb::get, "/v1/jobs/j/results/7").body, "result id=j index=7");
    EXPECT_EQ(ask(router, http::verb::head, "/v1/jobs").body, "list");
}

TEST(Router, Cli16AnswersForWhatItDoesNotKnow) {
    const auto router = make_router();

    for (const auto* path :
         {"/v1", "/v1/", "/v1/jobs/", "/v1/jobs/j/results", "/v2/jobs", "/V1/jobs"}) {
        const auto reply = ask(router, http::verb::get, path);
        EXPECT_EQ(reply.status, http::status::not_found) << path;
        ASSERT_TRUE(reply.problem.has_value());
        EXPECT_EQ(reply.problem->code, failure_code::api_not_found);
    }
    const auto wrong_method = ask(router, http::verb::delete_, "/v1/jobs");
    EXPECT_EQ(wrong_method.status, http::status::method_not_allowed);
    ASSERT_EQ(wrong_method.headers.size(), 1U);
    EXPECT_EQ(wrong_method.headers[0].second, "OPTIONS, GET, HEAD, POST");
    EXPECT_EQ(ask(router, http::verb::options, "/v1/jobs").status, http::status::no_content);
}

TEST(Router, RefusesWhatIsThereAlready) {
    auto router = make_router();

    EXPECT_THROW(router.add(http::verb::get, "/v1/jobs", named("again")), std::logic_error);
    EXPECT_THROW(router.add(http::verb::get, "/v1/jobs/{job}", named("x")), std::logic_error);
    EXPECT_THROW(router.add(http::verb::get, "v1", named("x")), std::logic_error);
}

TEST(Query, UnknownAndRepeatedParametersAreNamed) {
    const QueryParameters query{{"wait", "1"}, {"tag", "a"}, {"tag", "b"}};

    EXPECT_EQ(check_query(query, {"wait"}, {"tag"}), std::nullopt);
    const auto unknown = check_query(query, {"tag"});
    ASSERT_TRUE(unknown.has_value());
    EXPECT_EQ(unknown->code, failure_code::api_bad_parameter);
    EXPECT_NE(unknown->detail.find("wait"), std::string::npos);
    const auto twice = check_query(query, {"wait", "tag"});
    ASSERT_TRUE(twice.has_value());
    EXPECT_NE(twice->detail.find("twice: tag"), std::string::npos);
    ASSERT_NE(find_parameter(query, "tag"), nullptr);
    EXPECT_EQ(*find_parameter(query, "tag"), "a");
    EXPECT_EQ(find_parameter(query, "x"), nullptr);
}

}  // namespace
}  // namespace fanfetch
