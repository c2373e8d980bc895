#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

enum class pack_format : std::uint8_t { tar, zip };

/// Writes a tar (pax) or zip (deflate) archive of plain files, piece by piece.
///
/// Memory does not depend on the size of a member; a zip archive remembers each member until its
/// end, about 200 bytes and its name. Of time zones, owners and links nothing is said: members are
/// files of nobody, readable by all.
///
/// Errors   std::logic_error when a member gets more or fewer bytes than it was announced with;
///          std::runtime_error when the library refuses
/// Threads  one owner at a time
class Packer {
public:
    explicit Packer(pack_format format);
    ~Packer();
    Packer(Packer&&) noexcept;
    Packer& operator=(Packer&&) noexcept;

    /// Begins the next member. `name` is a safe one (see safe_name).
    void begin(std::string_view name, std::uint64_t size, WallTime modified);
    /// The next bytes of the member.
    void put(std::string_view bytes);
    /// Ends the archive.
    void finish();

    /// The bytes of the archive that were not taken yet.
    [[nodiscard]] std::string& pending() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fanfetch
