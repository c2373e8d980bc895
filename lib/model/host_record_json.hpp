#pragma once

#include "base/expected.hpp"
#include "model/host_record.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// The form in which the store keeps a host, without its key. Members that say nothing are left
/// out.
[[nodiscard]] std::string to_json(const HostRecord& record);

/// Reads it back; members it does not know are passed over.
///
/// Errors  internal, when the text is damaged
[[nodiscard]] Expected<HostRecord> host_record_from_json(std::string key, std::string_view text);

}  // namespace fanfetch
