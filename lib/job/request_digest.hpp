#pragma once

#include "fetch/hasher.hpp"
#include "model/item.hpp"
#include "model/options.hpp"

#include <string>

namespace fanfetch {

/// Tells the requests of a job, and those of a tenant's jobs that reuse responses, apart.
///
/// Two are the same when they have the same URL but for its fragment, which is not sent, and are
/// fetched with the same options, all of them: method, headers as they are spelled, body, and
/// everything else that could make a difference to the outcome. What the caller calls an item (id,
/// metadata) makes none.
///
/// Threads  one owner at a time
class RequestDigester {
public:
    explicit RequestDigester(const FetchOptions& job);

    [[nodiscard]] RequestDigest digest_of(const Item& item);

private:
    FetchOptions job_;
    std::string plain_;  // the job's own options, as text
    Sha256Hasher hasher_;
};

}  // namespace fanfetch
