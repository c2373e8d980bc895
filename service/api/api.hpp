#pragma once

#include "api/context.hpp"
#include "api/gather.hpp"
#include "api/bodies.hpp"
#include "api/health.hpp"
#include "api/jobs.hpp"
#include "api/results.hpp"

#include <utility>

namespace fanfetch {

/// All resources of the API behind one router.
class Api {
public:
    explicit Api(ApiContext context);

    [[nodiscard]] HttpHandler handler() const { return router_.handler(); }

private:
    ApiContext context_;
    Router router_;
    JobsApi jobs_{context_};
    GatherApi gather_{context_};
    ResultsApi results_{context_};
    BodiesApi bodies_{context_};
    HealthApi health_{context_};
};

}  // namespace fanfetch
