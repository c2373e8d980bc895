#pragma once

#include <string>

namespace fanfetch {

/// From now on SIGINT, SIGTERM and SIGHUP end the program with the exit code of an interruption,
/// whatever it is waiting for. A signal that whoever started us wants ignored stays so.
void exit_when_interrupted();

/// A file that is not whole yet: it is removed when the program is interrupted while this lives.
/// One at a time.
///
/// Source   signal-safety(7): unlink and _exit may be called in a handler
class UnfinishedFile {
public:
    explicit UnfinishedFile(const std::string& path);
    ~UnfinishedFile();
    UnfinishedFile(const UnfinishedFile&) = delete;
    UnfinishedFile& operator=(const UnfinishedFile&) = delete;
};

}  // namespace fanfetch
