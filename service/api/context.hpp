#pragma once

#include "api/request_keys.hpp"
#include "api/routes.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/time.hpp"
#include "extract/extractor.hpp"
#include "http/server_types.hpp"
#include "job/job_service.hpp"
#include "model/options_reader.hpp"
#include "net/egress_book.hpp"
#include "settings.hpp"

#include <string>

namespace fanfetch {

/// What the handlers of the API work with. All of it outlives the server.
struct ApiContext {
    JobService* jobs = nullptr;
    const Settings* settings = nullptr;
    MetricRegistry* metrics = nullptr;
    const LiveKeys* keys = nullptr;
    const Extractor* extractor = nullptr;
    const EgressBook* egress = nullptr;
    const Clock* clock = nullptr;
    Logger* log = nullptr;
    RequestKeys* request_keys = nullptr;
};

/// Whose jobs a request may see: the tenant of its key. Not for routes that are open.
[[nodiscard]] const std::string& tenant_of(const HttpRequest& request);

/// Whether the key of a request may look at what belongs to all tenants.
[[nodiscard]] bool may_administer(const HttpRequest& request);

/// What the options of a request may ask for, callbacks included.
[[nodiscard]] OptionLimits option_limits_of(const HttpRequest& request, const ApiContext& context);

/// A job as the API shows it.
[[nodiscard]] std::string job_text(const JobSnapshot& job);

/// A reply with a JSON body, as a line.
[[nodiscard]] HttpReply json_reply(http::status status, std::string body);

/// Puts a last member, `"name":value`, into the object that is the reply's body.
void add_member(HttpReply& reply, std::string_view member);

/// The value of a header, or an empty view.
[[nodiscard]] std::string_view header_of(const HttpRequest& request, http::field name);

/// "application/json" of "application/json; charset=utf-8", in lower case.
[[nodiscard]] std::string media_type_of(const HttpRequest& request);

/// Whether the client would rather have `wanted` than JSON.
[[nodiscard]] bool asks_for(const HttpRequest& request, std::string_view wanted);

}  // namespace fanfetch
