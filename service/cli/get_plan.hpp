#pragma once

#include "model/options.hpp"
#include "net/egress_proxy.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// The arguments of `fanfetch get` as they were given.
struct GetOptions {
    std::vector<std::string> urls;
    std::optional<std::string> input;
    std::optional<std::string> directory;
    std::optional<std::string> warc;
    int concurrency = 30;
    std::optional<int> per_host;
    std::string timeout = "1h";
    int retries = 2;
    std::vector<std::string> headers;
    std::string ca_file;
    std::optional<std::string> proxy;
    std::optional<std::string> proxy_resolve;
    std::string resolver = "cares";
    bool public_only = false;
    bool json = false;
    bool quiet = false;
};

/// What they mean.
struct GetPlan {
    std::vector<std::string> urls;
    std::optional<std::string> input;      ///< a file, or "-" for standard input
    std::optional<std::string> directory;  ///< none: no files, everything goes into the archive
    std::optional<std::string> warc;
    std::size_t concurrency = 30;
    std::size_t per_host = 30;
    FetchOptions fetch;
    std::string ca_file;
    std::optional<EgressProxy> proxy;
    bool system_resolver = false;  ///< names are asked of the C library
    bool public_only = false;
    bool json = false;
    bool quiet = false;
};

struct GetPlanning {
    GetPlan plan;
    std::vector<std::string> errors;  ///< everything that is wrong, one line each
};

/// Checks the arguments. Files go to the current directory, unless there is an archive to take
/// everything; a host gets the whole concurrency, unless told otherwise.
///
/// A body may be of any size: it goes to disk as it comes. So the time limit of an attempt is a
/// long one by default, and it is the idle limit that ends a download which hangs.
///
/// A proxy is used when there is a --proxy, never because of a variable such as http_proxy.
[[nodiscard]] GetPlanning plan_get(const GetOptions& options);

}  // namespace fanfetch
