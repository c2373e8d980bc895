#pragma once

#include "auth/key_record.hpp"
#include "base/expected.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// The bytes of a keys file, and what is odd about them.
struct KeysFileText {
    std::string text;
    bool readable_by_all = false;
};

/// Reads the file; nullopt when there is none. A symbolic link is followed, because that is how
/// Kubernetes mounts a secret.
///
/// A file that others than its owner may write is refused: they could give themselves a key. One
/// that all may read is taken: hashes of random keys give nothing away.
///
/// Errors   request_invalid when it is no file, too large or writable for others; internal with
///          the system's reason
/// Threads  any; blocks
[[nodiscard]] Expected<std::optional<KeysFileText>> read_keys_text(const std::string& path);

/// The same, read: "auth/keys.toml: line 7: …". No file is no keys.
[[nodiscard]] Expected<std::vector<KeyRecord>> read_keys_file(const std::string& path);

/// Changes the keys of a file, or makes the file, for its owner alone (0600).
///
/// `change` gets the keys and says why not, or nothing. The new text is complete and on the disk
/// before it takes the place of the old one, so that a reader, a crash or a power cut sees one or
/// the other. Whoever changes the file at the same time waits; owner and mode of a file stay.
///
/// Errors   what reading says, what `change` says, internal with the system's reason; the file is
///          then as it was
/// Threads  any, any process; blocks
[[nodiscard]] Expected<void> change_keys_file(
    const std::string& path, const std::function<Expected<void>(std::vector<KeyRecord>&)>& change
);

}  // namespace fanfetch
