#pragma once

#include "extract/held_memory.hpp"

#include <gumbo.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The tree that gumbo makes of a document, and the little one needs to look at it.
///
/// Errors   none: every text has a tree; the process is aborted beyond `most_bytes` (HeldMemory)
/// Threads  one owner
/// Source   https://html.spec.whatwg.org/ §13.2, as gumbo 0.10 has it
class GumboTree {
public:
    GumboTree(std::string_view utf8, std::size_t most_bytes) : memory_{most_bytes} {
        auto options = kGumboDefaultOptions;
        options.allocator = [](void* memory, std::size_t size) {
            return static_cast<HeldMemory*>(memory)->allocate(size);
        };
        options.deallocator = [](void* memory, void* pointer) {
            static_cast<HeldMemory*>(memory)->release(pointer);
        };
        options.userdata = &memory_;
        options.max_errors = 0;
        output_ = ::gumbo_parse_with_options(&options, utf8.data(), utf8.size());
    }

    [[nodiscard]] const GumboNode& root() const noexcept { return *output_->root; }

private:
    HeldMemory memory_;
    GumboOutput* output_;  // never destroyed: its memory goes as a whole
};

inline bool is_element(const GumboNode& node) noexcept {
    return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}

/// Null for anything else, elements of SVG and MathML among them.
inline const GumboElement* html_element(const GumboNode& node) noexcept {
    return is_element(node) && node.v.element.tag_namespace == GUMBO_NAMESPACE_HTML
               ? &node.v.element
               : nullptr;
}

/// Empty when there is none.
inline std::string_view attribute(const GumboElement& element, const char* name) noexcept {
    const auto* const found = ::gumbo_get_attribute(&element.attributes, name);
    return found == nullptr ? std::string_view{} : std::string_view{found->value};
}

inline bool has_attribute(const GumboElement& element, const char* name) noexcept {
    return ::gumbo_get_attribute(&element.attributes, name) != nullptr;
}

/// Visits every node of a tree, going into an element and coming out of it.
template <class Visitor>
void walk(const GumboNode& root, Visitor& visitor) {
    struct Step {
        const GumboNode* node;
        unsigned next;
    };
    std::vector<Step> way{{&root, 0}};
    visitor.enter(root);
    while (!way.empty()) {
        auto& [node, next] = way.back();
        const auto* const children = is_element(*node) ? &node->v.element.children : nullptr;
        if (children == nullptr || next == children->length) {
            visitor.leave(*node);
            way.pop_back();
            continue;
        }
        const auto* const child = static_cast<const GumboNode*>(children->data[next++]);
        visitor.enter(*child);
        way.push_back({child, 0});
    }
}

}  // namespace fanfetch
