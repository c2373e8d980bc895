#include "cli/get_origins.hpp"

#include "net/cares_resolver.hpp"
#include "net/default_gate.hpp"
#include "net/system_resolver.hpp"
#include "resolver_threads.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

Expected<std::unique_ptr<Resolver>> make_resolver(LoopExecutor loop, const GetPlan& plan) {
    if (!plan.system_resolver) {
        return make_cares_resolver(loop, {});
    }
    FlightOptions options;
    options.tenant_slots = resolver_thread_count;  // there is one tenant
    return make_system_resolver(loop, resolver_threads(), options);
}

}  // namespace

Expected<std::unique_ptr<GetOrigins>> GetOrigins::make(
    LoopExecutor loop, const GetPlan& plan, BodySpill& spill, Executor& disk
) {
    std::unique_ptr<GetOrigins> origins{new GetOrigins};
    EgressSettings egress;
    egress.profile = plan.public_only ? egress_profile::service : egress_profile::personal;
    auto rules = EgressRules::make(egress);
    if (!rules) {
        return rules.error();
    }
    auto tls = TlsPolicy::make({plan.ca_file, {}});
    if (!tls) {
        return tls.error();
    }
    origins->tls_.emplace(std::move(*tls));
    auto resolver = make_resolver(loop, plan);
    if (!resolver) {
        return resolver.error();
    }
    origins->resolver_ = std::move(*resolver);
    GateOptions options;
    options.rules_of = [held = std::make_shared<const EgressRules>(std::move(*rules)
                        )](const std::string&) { return held; };
    options.proxy = plan.proxy;
    origins->gate_ = make_gate(std::move(options), *origins->resolver_, *origins->tls_);

    HttpFetcher::Parts parts{loop};
    parts.gate = origins->gate_.get();
    parts.clock = &system_clock();
    parts.body = {&origins->memory_, &spill, &disk};
    parts.user_agent = "fanfetch/" FANFETCH_VERSION;
    // As many as may be in use at once, so that none is closed only to be opened again.
    parts.pool.most = std::max(parts.pool.most, plan.concurrency);
    parts.pool.most_per_key = plan.concurrency;
    origins->fetcher_ = std::make_unique<HttpFetcher>(std::move(parts));
    return origins;
}

}  // namespace fanfetch
