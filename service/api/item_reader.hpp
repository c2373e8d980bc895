#pragma once

#include "base/expected.hpp"
#include "model/item.hpp"
#include "model/options.hpp"

#include <string_view>
#include <vector>

namespace fanfetch {

/// Turns an upload into items as it arrives, in bounded memory: one for each format that is read
/// line by line.
class ItemReader {
public:
    virtual ~ItemReader() = default;

    /// Reads the next piece, however it is cut, and appends the items it completes.
    [[nodiscard]] virtual Expected<void> feed(std::string_view piece, std::vector<Item>& items) = 0;

    /// Reads what is left: the upload has ended. job_empty when there was no item and one is
    /// needed.
    [[nodiscard]] virtual Expected<void> finish(std::vector<Item>& items) = 0;

    /// What the job asks for: final once an item has come out or the upload has ended.
    [[nodiscard]] virtual const JobOptions& options() const noexcept = 0;
};

}  // namespace fanfetch
