#pragma once

#include "base/expected.hpp"
#include "cli/get_plan.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "fetch/http_fetcher.hpp"
#include "fetch/memory_budget.hpp"
#include "net/gate.hpp"
#include "net/resolver.hpp"
#include "net/tls_policy.hpp"

#include <memory>
#include <optional>

namespace fanfetch {

/// The way to the origins for one person at a keyboard: name servers, the gate, the fetcher.
///
/// Private addresses may be fetched from unless the plan says otherwise; metadata services never.
///
/// Threads  the loop it was made for, which outlives it
class GetOrigins {
public:
    /// Errors   request_invalid or internal: certificates or name servers cannot be had
    [[nodiscard]] static Expected<std::unique_ptr<GetOrigins>> make(
        LoopExecutor loop, const GetPlan& plan, BodySpill& spill, Executor& disk
    );

    [[nodiscard]] Fetcher& fetcher() noexcept { return *fetcher_; }

private:
    GetOrigins() = default;

    /// Bodies between the wire and the disk; what does not fit goes to disk as it comes.
    static constexpr std::uint64_t memory = 64U << 20U;

    MemoryBudget memory_{memory};
    std::optional<TlsPolicy> tls_;
    std::unique_ptr<Resolver> resolver_;
    std::unique_ptr<Gate> gate_;
    std::unique_ptr<HttpFetcher> fetcher_;
};

}  // namespace fanfetch
