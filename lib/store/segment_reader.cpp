#include "store/segment_reader.hpp"

#include "archive/warc.hpp"
#include "store/stored_segment.hpp"

#include <algorithm>
#include <optional>

namespace fanfetch {
namespace {

Failure damaged(const char* what) {
    return failed(failure_code::internal, std::string{"reading a stored response: "} + what);
}

/// A record that has been found to be what the reference tells of.
struct FoundRecord {
    StoredSegment segment;
    std::uint64_t at = 0;  // where it is in the file
    std::string front;     // the record's header and the HTTP head
    std::size_t head_begin = 0;
};

Expected<FoundRecord> find_record(const SegmentFiles& files, const BodyRef& body) {
    if (body.segment == 0) {
        return failed(failure_code::body_not_stored, "reading a stored response: there is none");
    }
    auto segment = StoredSegment::open_readable(files, body.segment);
    if (!segment) {
        return damaged("its segment cannot be opened");
    }
    const auto at = segment->find(body.offset, body.record_length);
    if (!at) {
        return at.error();
    }
    if (!*at) {
        return damaged("the record has been erased");
    }
    FoundRecord found{std::move(*segment), **at, {}, 0};
    if (auto read = found.segment.file().read_at(found.at, body.payload_offset, found.front);
        !read) {
        return read.error();
    }
    const auto header = read_warc_header(found.front);
    const bool response = header && header->type == "response";
    if (!header || !(response || header->type == "metadata") ||
        found.front.size() != body.payload_offset ||
        header->header_length + (response ? 2 : 0) > body.payload_offset ||
        body.payload_offset > body.record_length ||
        header->content_length != body.record_length - header->header_length) {
        return damaged("the record is not the one that was written");
    }
    found.head_begin = response ? header->header_length : body.payload_offset - 2;
    return found;
}

}  // namespace

Expected<std::string> read_payload(
    const SegmentFiles& files, const BodyRef& body, std::uint64_t offset, std::size_t length
) {
    auto found = find_record(files, body);
    if (!found) {
        return found.error();
    }
    if (!body.has_payload) {
        return failed(failure_code::body_not_stored, "reading a stored body: the head alone is");
    }
    const std::uint64_t payload = body.record_length - body.payload_offset;
    if (offset >= payload) {
        return std::string{};
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, payload - offset));
    std::string bytes;
    const auto& file = found->segment.file();
    auto read = file.read_at(found->at + body.payload_offset + offset, wanted, bytes);
    if (!read) {
        return read.error();
    }
    if (bytes.size() != wanted) {
        return damaged("its segment ends too early");
    }
    // The job may have been erased in between, and its records overwritten, header first.
    std::string front;
    if (auto again = file.read_at(found->at, body.payload_offset, front); !again) {
        return again.error();
    }
    if (front != found->front) {
        return damaged("the record has been erased");
    }
    return bytes;
}

Expected<std::string> read_head(const SegmentFiles& files, const BodyRef& body) {
    auto found = find_record(files, body);
    if (!found) {
        return found.error();
    }
    const std::size_t length = body.payload_offset - 2 - found->head_begin;
    return found->front.substr(found->head_begin, length);
}

Expected<std::uint64_t> end_of_whole_records(const File& file, std::uint64_t limit) {
    std::uint64_t end = 0;
    std::string bytes;
    while (end < limit) {
        if (auto read = file.read_at(end, warc_max_header, bytes); !read) {
            return read.error();
        }
        const auto header = read_warc_header(bytes);
        if (!header || header->content_length > limit) {
            break;
        }
        const auto block_end = end + header->header_length + header->content_length;
        if (block_end + warc_record_end.size() > limit) {
            break;
        }
        if (auto read = file.read_at(block_end, warc_record_end.size(), bytes); !read) {
            return read.error();
        }
        if (bytes != warc_record_end) {
            break;
        }
        end = block_end + warc_record_end.size();
    }
    return end;
}

}  // namespace fanfetch
