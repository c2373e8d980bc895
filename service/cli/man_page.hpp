#pragma once

#include "cli/command_tree.hpp"

#include <string>

namespace fanfetch {

/// The manual page of the program, for man(1).
///
/// Source   man(7), groff_man_style(7)
[[nodiscard]] std::string man_page(const CommandTree& program);

}  // namespace fanfetch
