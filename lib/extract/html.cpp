#include "extract/html.hpp"

#include "base/json_text.hpp"
#include "extract/gumbo_tree.hpp"
#include "extract/visible_text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

/// Which attribute of an element refers to something.
struct Reference {
    GumboTag tag;
    const char* attribute;
};
constexpr std::array references{
    Reference{GUMBO_TAG_A, "href"},     Reference{GUMBO_TAG_AREA, "href"},
    Reference{GUMBO_TAG_LINK, "href"},  Reference{GUMBO_TAG_IMG, "src"},
    Reference{GUMBO_TAG_SCRIPT, "src"}, Reference{GUMBO_TAG_IFRAME, "src"},
    Reference{GUMBO_TAG_FRAME, "src"},  Reference{GUMBO_TAG_EMBED, "src"},
    Reference{GUMBO_TAG_SOURCE, "src"}, Reference{GUMBO_TAG_AUDIO, "src"},
    Reference{GUMBO_TAG_VIDEO, "src"},  Reference{GUMBO_TAG_TRACK, "src"},
    Reference{GUMBO_TAG_INPUT, "src"},
};

/// Elements whose text nobody sees.
bool is_silent(GumboTag tag) noexcept {
    constexpr std::array silent{GUMBO_TAG_HEAD,     GUMBO_TAG_SCRIPT,  GUMBO_TAG_STYLE,
                                GUMBO_TAG_TEMPLATE, GUMBO_TAG_TITLE,   GUMBO_TAG_NOSCRIPT,
                                GUMBO_TAG_NOFRAMES, GUMBO_TAG_NOEMBED, GUMBO_TAG_IFRAME,
                                GUMBO_TAG_OBJECT,   GUMBO_TAG_SELECT,  GUMBO_TAG_DATALIST};
    return std::ranges::find(silent, tag) != silent.end();
}

bool begins_line(GumboTag tag) noexcept {
    constexpr std::array blocks{
        GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE,  GUMBO_TAG_ASIDE,      GUMBO_TAG_BLOCKQUOTE,
        GUMBO_TAG_BR,      GUMBO_TAG_CAPTION,  GUMBO_TAG_CENTER,     GUMBO_TAG_DD,
        GUMBO_TAG_DETAILS, GUMBO_TAG_DIR,      GUMBO_TAG_DIV,        GUMBO_TAG_DL,
        GUMBO_TAG_DT,      GUMBO_TAG_FIELDSET, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIGURE,
        GUMBO_TAG_FOOTER,  GUMBO_TAG_FORM,     GUMBO_TAG_H1,         GUMBO_TAG_H2,
        GUMBO_TAG_H3,      GUMBO_TAG_H4,       GUMBO_TAG_H5,         GUMBO_TAG_H6,
        GUMBO_TAG_HEADER,  GUMBO_TAG_HGROUP,   GUMBO_TAG_HR,         GUMBO_TAG_LEGEND,
        GUMBO_TAG_LI,      GUMBO_TAG_MAIN,     GUMBO_TAG_MENU,       GUMBO_TAG_NAV,
        GUMBO_TAG_OL,      GUMBO_TAG_OPTGROUP, GUMBO_TAG_OPTION,     GUMBO_TAG_P,
        GUMBO_TAG_PRE,     GUMBO_TAG_SECTION,  GUMBO_TAG_SUMMARY,    GUMBO_TAG_TABLE,
        GUMBO_TAG_TBODY,   GUMBO_TAG_TEXTAREA, GUMBO_TAG_TFOOT,      GUMBO_TAG_THEAD,
        GUMBO_TAG_TR,      GUMBO_TAG_UL};
    return std::ranges::find(blocks, tag) != blocks.end();
}

bool keeps_space(GumboTag tag) noexcept {
    return tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_TEXTAREA || tag == GUMBO_TAG_LISTING ||
           tag == GUMBO_TAG_XMP;
}

/// Collects what was asked for on one walk over the tree.
class Collector {
public:
    Collector(const HtmlOrder& order, std::optional<Url> base)
        : order_{order}, text_{order.bounds.text_bytes}, base_{std::move(base)} {}

    void enter(const GumboNode& node) {
        if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE ||
            node.type == GUMBO_NODE_CDATA) {
            take_text(node.v.text.text);
        }
        if (const auto* const element = html_element(node)) {
            enter(*element);
        } else if (is_element(node) && node.v.element.tag == GUMBO_TAG_TITLE) {
            ++foreign_titles_;
        }
    }

    void leave(const GumboNode& node) {
        const auto* const element = html_element(node);
        if (element == nullptr) {
            if (is_element(node) && node.v.element.tag == GUMBO_TAG_TITLE) {
                --foreign_titles_;
            }
            return;
        }
        const auto tag = element->tag;
        if (tag == GUMBO_TAG_TITLE && in_title_ == element) {
            in_title_ = nullptr;
        }
        if (anchor_ == element) {
            end_anchor();
        }
        silent_ -= is_silent(tag) ? 1 : 0;
        verbatim_ -= keeps_space(tag) ? 1 : 0;
        if (begins_line(tag)) {
            text_.begin_line();
        }
    }

    ExtractedDocument finish() {
        if (title_) {
            document_.title = title_->take();
            document_.truncated = document_.truncated || title_->truncated();
        }
        document_.text = text_.take();
        document_.truncated = document_.truncated || text_.truncated();
        return std::move(document_);
    }

private:
    [[nodiscard]] bool wants(std::uint8_t part) const noexcept {
        return (order_.parts & part) != 0;
    }

    void enter(const GumboElement& element) {
        const auto tag = element.tag;
        if (wants(extract_part::title) && tag == GUMBO_TAG_TITLE && !title_) {
            title_.emplace(order_.bounds.value_bytes);
            in_title_ = &element;
        }
        if (wants(extract_part::meta) && tag == GUMBO_TAG_META) {
            take_meta(element);
        }
        if (wants(extract_part::links)) {
            take_link(element);
        }
        silent_ += is_silent(tag) ? 1 : 0;
        verbatim_ += keeps_space(tag) ? 1 : 0;
        if (begins_line(tag)) {
            text_.begin_line();
        } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
            text_.add(" ", false);
        }
    }

    void take_text(std::string_view text) {
        if (in_title_ != nullptr) {
            title_->add(text, false);
        }
        if (anchor_ != nullptr) {
            anchor_text_.add(text, false);
        }
        if (wants(extract_part::text) && silent_ == 0 && foreign_titles_ == 0) {
            text_.add(text, verbatim_ > 0);
        }
    }

    void take_meta(const GumboElement& element) {
        std::string_view name;
        for (const char* const key : {"name", "property", "http-equiv", "itemprop"}) {
            if (name.empty()) {
                name = attribute(element, key);
            }
        }
        if (name.empty() || !has_attribute(element, "content")) {
            return;
        }
        if (document_.meta.size() == order_.bounds.meta) {
            document_.truncated = true;
            return;
        }
        document_.meta.push_back({bounded(name), bounded(attribute(element, "content"))});
    }

    void take_link(const GumboElement& element) {
        const auto* const known = std::ranges::find(references, element.tag, &Reference::tag);
        if (known == references.end() || !has_attribute(element, known->attribute)) {
            return;
        }
        const auto href = attribute(element, known->attribute);
        DocumentLink link;
        link.tag = ::gumbo_normalized_tagname(element.tag);
        auto url = base_ ? base_->resolve(href) : Url::parse(href);
        if (url) {
            link.url = std::move(*url).href();
        } else {
            link.href = bounded(href);
        }
        link.rel = bounded(attribute(element, "rel"));
        if (element.tag == GUMBO_TAG_IMG || element.tag == GUMBO_TAG_AREA) {
            link.text = bounded(attribute(element, "alt"));
        }
        links_bytes_ += link.url.size() + link.href.size() + link.rel.size() + link.text.size();
        if (document_.links.size() >= order_.bounds.links ||
            links_bytes_ > order_.bounds.links_bytes) {
            document_.truncated = true;
            return;
        }
        document_.links.push_back(std::move(link));
        if (element.tag == GUMBO_TAG_A) {
            anchor_ = &element;
            anchor_text_ = VisibleText{order_.bounds.value_bytes};
        }
    }

    void end_anchor() {
        anchor_ = nullptr;
        auto text = anchor_text_.take();
        links_bytes_ += text.size();
        // No other link with a text of its own can have begun within: `a` does not nest, and the
        // links within one (images, say) came after it.
        const auto own = std::ranges::find_if(
            document_.links.rbegin(), document_.links.rend(),
            [](const DocumentLink& link) { return link.tag == "a"; }
        );
        own->text = std::move(text);
    }

    std::string bounded(std::string_view value) {
        const auto cut = cut_utf8(value, order_.bounds.value_bytes);
        document_.truncated = document_.truncated || cut.size() < value.size();
        return std::string{cut};
    }

    const HtmlOrder& order_;
    ExtractedDocument document_;
    VisibleText text_;
    std::optional<VisibleText> title_;
    VisibleText anchor_text_{0};
    std::optional<Url> base_;
    const GumboElement* in_title_ = nullptr;
    const GumboElement* anchor_ = nullptr;
    int silent_ = 0;
    int verbatim_ = 0;
    int foreign_titles_ = 0;  // of SVG: what it names is a drawing
    std::size_t links_bytes_ = 0;
};

/// Finds what references are relative to. The first `base` counts for those before it as well, so
/// this is a walk of its own.
class BaseFinder {
public:
    explicit BaseFinder(std::optional<Url> document) : base_{std::move(document)} {}

    void enter(const GumboNode& node) {
        const auto* const element = html_element(node);
        if (element == nullptr || element->tag != GUMBO_TAG_BASE || found_ ||
            !has_attribute(*element, "href")) {
            return;
        }
        found_ = true;
        const auto href = attribute(*element, "href");
        if (auto moved = base_ ? base_->resolve(href) : Url::parse(href)) {
            base_ = std::move(*moved);
        }
    }
    void leave(const GumboNode&) {}
    [[nodiscard]] std::optional<Url> take() { return std::move(base_); }

private:
    std::optional<Url> base_;
    bool found_ = false;
};

}  // namespace

ExtractedDocument read_html(std::string_view utf8, const HtmlOrder& order) {
    const GumboTree tree{utf8, order.bounds.parser_bytes};
    BaseFinder finder{order.url};
    walk(tree.root(), finder);
    Collector collector{order, finder.take()};
    walk(tree.root(), collector);
    return collector.finish();
}

}  // namespace fanfetch
