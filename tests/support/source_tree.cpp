#include "support/source_tree.hpp"

namespace fanfetch::testing {

// The only file that is compiled with the checkout's place: the others come from the compiler cache
// wherever that is.
const std::filesystem::path& source_tree() {
    static const std::filesystem::path place{FANFETCH_SOURCE_DIR};
    return place;
}

}  // namespace fanfetch::testing
