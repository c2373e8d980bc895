#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// What a key may be used for. None contains another: a key lists all that it is meant for.
enum class scope : std::uint8_t {
    submit,   ///< create jobs and add to them
    read,     ///< look at jobs, results and the service's capabilities
    control,  ///< cancel and erase
    admin,    ///< what concerns all tenants: metrics, hosts
};

/// The words of the keys file, in the order of the enumerators.
inline constexpr std::array<std::string_view, 4> scope_words{"submit", "read", "control", "admin"};

[[nodiscard]] std::string_view to_string(scope one) noexcept;
[[nodiscard]] std::optional<scope> parse_scope(std::string_view word) noexcept;

/// Some of the scopes.
class ScopeSet {
public:
    constexpr ScopeSet() noexcept = default;
    constexpr ScopeSet(std::initializer_list<scope> scopes) noexcept {
        for (const auto one : scopes) {
            add(one);
        }
    }
    [[nodiscard]] static constexpr ScopeSet all() noexcept {
        return {scope::submit, scope::read, scope::control, scope::admin};
    }

    constexpr void add(scope one) noexcept { bits_ |= bit(one); }
    [[nodiscard]] constexpr bool has(scope one) const noexcept { return (bits_ & bit(one)) != 0; }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

    friend constexpr bool operator==(ScopeSet, ScopeSet) noexcept = default;

private:
    static constexpr unsigned bit(scope one) noexcept { return 1U << static_cast<unsigned>(one); }

    unsigned bits_ = 0;
};

/// "submit,read", in the order of the enumerators.
[[nodiscard]] std::string to_string(ScopeSet scopes);

}  // namespace fanfetch
