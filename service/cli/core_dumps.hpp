#pragma once

namespace fanfetch {

/// From now on a crash of this process leaves no core dump: its memory holds keys and what was
/// fetched. Whoever hunts a crash raises the limit of the running process (prlimit --core).
///
/// Source   core(5): a limit of one byte keeps away a dump into a file, and one into a pipe, which
/// a
///          limit of nothing would not
void leave_no_core_dumps();

}  // namespace fanfetch
