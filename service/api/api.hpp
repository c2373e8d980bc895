#pragma once

#include "api/access.hpp"
#include "api/bodies.hpp"
#include "api/callbacks.hpp"
#include "api/context.hpp"
#include "api/deliveries.hpp"
#include "api/docs.hpp"
#include "api/events.hpp"
#include "api/export.hpp"
#include "api/front.hpp"
#include "api/gather.hpp"
#include "api/health.hpp"
#include "api/hosts.hpp"
#include "api/job_control.hpp"
#include "api/jobs.hpp"
#include "api/report.hpp"
#include "api/results.hpp"
#include "api/validate.hpp"
#include "api/wait.hpp"

#include <utility>

namespace fanfetch {

/// All resources of the API behind one router, and who may use them.
class Api {
public:
    explicit Api(ApiContext context);

    [[nodiscard]] HttpHandler handler() const { return front_.handler(); }

private:
    ApiContext context_;
    Access access_{{context_.keys, context_.clock, context_.log, context_.jobs}, *context_.metrics};
    Router router_;
    RequestKeys request_keys_;
    Front front_{{router_.handler(), context_.settings->listen.cors_origins, context_.log}};
    JobsApi jobs_{context_};
    GatherApi gather_{context_};
    ResultsApi results_{context_};
    BodiesApi bodies_{context_};
    HealthApi health_{context_};
    HostsApi hosts_{context_};
    EventsApi events_{context_};
    WaitApi wait_{context_};
    ExportApi export_{context_};
    DocsApi docs_;
    ReportApi report_{context_};
    CallbacksApi callbacks_{context_};
    DeliveriesApi deliveries_{context_};
    JobControlApi job_control_{context_};
    ValidateApi validate_{context_};
};

}  // namespace fanfetch
