#include "api/result_row.hpp"

#include "api/parameters.hpp"
#include "coro/run_in_executor.hpp"

#include <utility>

namespace fanfetch {

awaitable<Expected<ItemRow>> find_result_row(ApiContext& context, const HttpRequest& request) {
    const auto id = request.path_parameters.at("id");
    auto job = co_await context.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return job.error();
    }
    const auto index = parse_index(request.path_parameters.at("index"));
    if (!index) {
        co_return failed(failure_code::result_not_found, "looking up a result: no such index");
    }
    auto look = [store = &context.jobs->store(), id, index = *index] {
        return store->find_item(id, index);
    };
    auto row = co_await run_in_executor(context.jobs->blocking(), std::move(look));
    if (!row) {
        co_return failed(failure_code::result_not_found, "looking up a result: no such index");
    }
    co_return std::move(*row);
}

}  // namespace fanfetch
