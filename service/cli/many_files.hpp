#pragma once

namespace fanfetch {

/// Raises the limit on open files as far as it goes: connections and files take far more
/// descriptors than a shell or a service manager gives. What cannot be raised stays as it is.
///
/// Source   getrlimit(2), RLIMIT_NOFILE
void allow_many_files();

}  // namespace fanfetch
