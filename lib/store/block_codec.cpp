#include "store/block_codec.hpp"

namespace fanfetch {
namespace {

constexpr std::size_t check_size = 4;

void append_u32(std::string& out, std::uint32_t number) {
    const std::array<char, 4> bytes{
        static_cast<char>(number), static_cast<char>(number >> 8U),
        static_cast<char>(number >> 16U), static_cast<char>(number >> 24U)};
    out.append(bytes.data(), bytes.size());
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i]));
    };
    return byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U;
}

/// The bytes in front of a check value that fits them.
std::optional<std::string_view> checked(std::string_view bytes) noexcept {
    if (bytes.size() < check_size) {
        return std::nullopt;
    }
    const auto content = bytes.substr(0, bytes.size() - check_size);
    if (u32_at(bytes, content.size()) != check_value(content)) {
        return std::nullopt;
    }
    return content;
}

}  // namespace

std::string_view BlockWriter::finish() {
    append_u32(bytes_, check_value(bytes_));
    return bytes_;
}

BlockReader::BlockReader(std::string_view block, char version) noexcept {
    const auto content = checked(block);
    ok_ = content && !content->empty() && content->front() == version;
    if (ok_) {
        reader_ = ByteReader{content->substr(1)};
    }
}

std::optional<std::string_view> BlockReader::next() noexcept {
    if (!ok() || reader_.at_end()) {
        return std::nullopt;
    }
    const auto record = reader_.text();
    return reader_.ok() ? std::optional{record} : std::nullopt;
}

void encode(std::string& out, const SeqBlock& block) {
    const std::size_t start = out.size();
    std::size_t used = SeqBlock::slots;
    while (used > 0 && block.seqs[used - 1] == 0) {
        --used;
    }
    for (std::size_t i = 0; i < used; ++i) {
        append_u32(out, block.seqs[i]);
    }
    append_u32(out, check_value(std::string_view{out}.substr(start)));
}

std::optional<SeqBlock> decode_seq_block(std::string_view bytes) noexcept {
    const auto content = checked(bytes);
    if (!content || content->size() % 4 != 0 || content->size() > SeqBlock::slots * 4) {
        return std::nullopt;
    }
    SeqBlock block;
    for (std::size_t i = 0; i * 4 < content->size(); ++i) {
        block.seqs[i] = u32_at(*content, i * 4);
    }
    return block;
}

}  // namespace fanfetch
