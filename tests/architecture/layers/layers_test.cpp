#include "support/source_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path root = fanfetch::testing::source_tree();

using Arrows = std::map<std::string, std::set<std::string>>;

Arrows allowed_arrows() {
    Arrows arrows;
    std::ifstream file{root / "tests/architecture/layers.txt"};
    for (std::string line; std::getline(file, line);) {
        std::istringstream words{line};
        std::string module;
        std::string arrow;
        if (line.starts_with('#') || !(words >> module >> arrow)) {
            continue;
        }
        auto& targets = arrows[module];
        for (std::string target; words >> target;) {
            targets.insert(target);
        }
    }
    return arrows;
}

std::vector<fs::path> sources_below(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        const auto extension = entry.path().extension();
        if (extension == ".hpp" || extension == ".cpp") {
            found.push_back(entry.path());
        }
    }
    return found;
}

std::string text_of(const fs::path& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> quoted_includes(const std::string& text) {
    static const std::regex include{R"re(^\s*#\s*include\s+"([^"]+)")re", std::regex::multiline};
    std::vector<std::string> found;
    for (std::sregex_iterator at{text.begin(), text.end(), include}, end; at != end; ++at) {
        found.push_back((*at)[1]);
    }
    return found;
}

std::string module_of(const fs::path& below_lib) {
    return below_lib.begin()->string();
}

/// Every line of our sources that matches, but for files whose path contains `home`.
std::vector<std::string> lines_matching(const std::string& pattern, const std::string& home) {
    const std::regex wanted{pattern};
    std::vector<std::string> found;
    for (const auto* folder : {"lib", "service"}) {
        for (const auto& path : sources_below(root / folder)) {
            const auto name = fs::relative(path, root).string();
            if (!home.empty() && name.find(home) != std::string::npos) {
                continue;
            }
            std::istringstream text{text_of(path)};
            for (std::string line; std::getline(text, line);) {
                const auto comment = line.find("//");
                if (std::regex_search(line.substr(0, comment), wanted)) {
                    found.push_back(name + ": " + line);
                }
            }
        }
    }
    return found;
}

}  // namespace

TEST(Layers, EveryIncludeInTheLibraryPointsDown) {
    const auto arrows = allowed_arrows();

    std::vector<std::string> wrong;
    for (const auto& path : sources_below(root / "lib")) {
        const auto from = module_of(fs::relative(path, root / "lib"));
        ASSERT_TRUE(from == "examples" || arrows.contains(from)) << "no such module: " << from;
        for (const auto& include : quoted_includes(text_of(path))) {
            const auto to = module_of(include);
            if (from != "examples" && to != from && !arrows.at(from).contains(to)) {
                wrong.push_back(fs::relative(path, root).string() + " includes " + include);
            }
        }
    }

    EXPECT_EQ(wrong, std::vector<std::string>{});
}

TEST(Layers, NothingIncludesTheServiceFromTheLibrary) {
    std::vector<std::string> wrong;
    for (const auto& path : sources_below(root / "lib")) {
        for (const auto& include : quoted_includes(text_of(path))) {
            if (!fs::exists(root / "lib" / include)) {
                wrong.push_back(fs::relative(path, root).string() + " includes " + include);
            }
        }
    }

    EXPECT_EQ(wrong, std::vector<std::string>{});
}

TEST(Layers, TheArrowsHaveNoCycle) {
    const auto arrows = allowed_arrows();

    for (const auto& [module, targets] : arrows) {
        for (const auto& target : targets) {
            ASSERT_TRUE(arrows.contains(target)) << module << " -> " << target;
            EXPECT_FALSE(arrows.at(target).contains(module)) << module << " <-> " << target;
        }
    }
}

TEST(HouseRules, NoWorkWithoutAnOwner) {
    // A pool that is destroyed by its own worker has to let that one thread go.
    EXPECT_EQ(
        lines_matching(R"(\bdetached\b|\.detach\(\))", "lib/executor/"), std::vector<std::string>{}
    );
}

TEST(HouseRules, M5AwaitableOperatorsAreNotUsed) {
    EXPECT_EQ(lines_matching("awaitable_operators", ""), std::vector<std::string>{});
}

TEST(HouseRules, M9TlsContextsAreMadeInOnePlace) {
    EXPECT_EQ(
        lines_matching(R"(ssl::context\s+\w+[{(=;]|make_\w+<.*ssl::context>)", "net/tls"),
        std::vector<std::string>{}
    );
}

TEST(HouseRules, M1NamesAreResolvedByTheGateAlone) {
    EXPECT_EQ(
        lines_matching(R"(\bgetaddrinfo\b|tcp::resolver|async_resolve)", "lib/net/"),
        std::vector<std::string>{}
    );
}

TEST(HouseRules, M2BuffersHaveAMaximum) {
    EXPECT_EQ(
        lines_matching(R"(\bflat_buffer\s+\w+\s*;|\bmulti_buffer\s+\w+\s*;)", ""),
        std::vector<std::string>{}
    );
}

TEST(HouseRules, HeadersAreGuardedByPragmaOnce) {
    std::vector<std::string> wrong;
    for (const auto* folder : {"lib", "service"}) {
        for (const auto& path : sources_below(root / folder)) {
            if (path.extension() == ".hpp" && path.filename() != "pch.hpp" &&
                !text_of(path).starts_with("#pragma once\n")) {
                wrong.push_back(fs::relative(path, root).string());
            }
        }
    }

    EXPECT_EQ(wrong, std::vector<std::string>{});
}
