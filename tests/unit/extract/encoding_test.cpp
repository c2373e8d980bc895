#include "extract/encoding.hpp"
#include "extract/transcoder.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace fanfetch {
namespace {

using namespace std::string_literals;

std::string_view name_of(const Encoding* encoding) {
    return encoding == nullptr ? std::string_view{"none"} : encoding->name;
}

TEST(Encoding, LabelsAreThoseOfTheWeb) {
    EXPECT_EQ(name_of(find_encoding("utf-8")), "UTF-8");
    EXPECT_EQ(name_of(find_encoding(" \tUTF8\n")), "UTF-8");
    EXPECT_EQ(name_of(find_encoding("latin1")), "windows-1252");
    EXPECT_EQ(name_of(find_encoding("US-ASCII")), "windows-1252");
    EXPECT_EQ(name_of(find_encoding("iso-8859-9")), "windows-1254");
    EXPECT_EQ(name_of(find_encoding("gb2312")), "GBK");
    EXPECT_EQ(name_of(find_encoding("x-sjis")), "Shift_JIS");
    EXPECT_EQ(name_of(find_encoding("unicode")), "UTF-16LE");
    EXPECT_EQ(name_of(find_encoding("iso_8859-5:1988")), "ISO-8859-5");
    for (const auto* const label :
         {"", " ", "utf", "utf-8 utf8", "replacement", "x-user-defined",
          "a-label-that-is-longer-than-any-other"}) {
        EXPECT_EQ(find_encoding(label), nullptr) << label;
    }
}

TEST(Encoding, EveryOneIsReachedByItsNameAndKnownHere) {
    Transcoder transcoder;
    std::set<std::string_view> names;
    for (const auto& encoding : encodings()) {
        EXPECT_TRUE(names.insert(encoding.name).second);
        EXPECT_EQ(name_of(find_encoding(encoding.name)), encoding.name);
        EXPECT_EQ(transcoder.to_utf8("", encoding).encoding, encoding.name);
    }
}

TEST(SniffEncoding, AByteOrderMarkBeatsEverything) {
    EXPECT_EQ(sniff_encoding("\xEF\xBB\xBFx", "text/html; charset=latin1").name, "UTF-8");
    EXPECT_EQ(sniff_encoding("\xFE\xFF\0x"s, "text/html; charset=latin1").name, "UTF-16BE");
    EXPECT_EQ(sniff_encoding("\xFF\xFEx\0"s, "").name, "UTF-16LE");
}

TEST(SniffEncoding, ThenTheTransportThenTheDocumentThenTheBytes) {
    const std::string meta = "<meta charset=koi8-r>";
    EXPECT_EQ(sniff_encoding(meta, "text/html;Charset=\"Shift_JIS\"").name, "Shift_JIS");
    EXPECT_EQ(sniff_encoding(meta, "text/html; charset=nonsense").name, "KOI8-R");
    EXPECT_EQ(sniff_encoding(meta, "text/html").name, "KOI8-R");
    EXPECT_EQ(sniff_encoding("gr\xC3\xBC\xC3\x9F", "").name, "UTF-8");
    EXPECT_EQ(sniff_encoding("gr\xFC\xDF", "").name, "windows-1252");
}

TEST(DeclaredEncoding, IsFoundAsBrowsersFindIt) {
    const auto declared = [](std::string_view document) {
        return name_of(declared_encoding(document));
    };
    EXPECT_EQ(declared("<!DOCTYPE html><html><head><META CHARSET = 'big5' >"), "Big5");
    EXPECT_EQ(declared("<meta/charset=euc-kr/>"), "none") << "the slash belongs to the value";
    EXPECT_EQ(declared("<meta/charset=euc-kr />"), "EUC-KR");
    EXPECT_EQ(
        declared("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-2'>"),
        "ISO-8859-2"
    );
    EXPECT_EQ(declared("<meta content='text/html; charset=iso-8859-2'>"), "none") << "no pragma";
    EXPECT_EQ(declared("<!-- <meta charset=koi8-r> --><meta charset=gbk>"), "GBK");
    EXPECT_EQ(declared("<p title='<meta charset=koi8-r>'>"), "none");
    EXPECT_EQ(declared("<!-- <meta charset=koi8-r>"), "none");
    EXPECT_EQ(declared("<metadata charset=koi8-r>"), "none");
    EXPECT_EQ(declared("<meta charset=utf-16>"), "UTF-8");
    EXPECT_EQ(declared("<?xml version='1.0'?><meta charset=koi8-u>"), "KOI8-U");
    EXPECT_EQ(declared("<meta charset=>"), "none");
    EXPECT_EQ(declared("<meta charset"), "none");
    EXPECT_EQ(declared("<"), "none");
    EXPECT_EQ(declared("<meta "), "none");
    EXPECT_EQ(declared(std::string(1024, ' ') + "<meta charset=koi8-r>"), "none");
}

TEST(Transcoder, WritesUtf8) {
    Transcoder transcoder;
    const auto utf8 = [&](std::string_view bytes, std::string_view label) {
        return transcoder.to_utf8(bytes, *find_encoding(label)).utf8;
    };
    EXPECT_EQ(utf8("gr\xFC\xDF \x80", "latin1"), "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC");
    EXPECT_EQ(utf8("\x82\xA0", "shift_jis"), "\xE3\x81\x82");
    EXPECT_EQ(utf8("\xCF\xF0", "windows-1251"), "\xD0\x9F\xD1\x80");
    EXPECT_EQ(utf8("\xA4\xA4", "big5"), "\xE4\xB8\xAD");
    EXPECT_EQ(utf8("\x68\0\x69\0"s, "utf-16le"), "hi");
    EXPECT_EQ(utf8("\xEF\xBB\xBFx", "utf-8"), "x") << "without the mark";
    EXPECT_EQ(utf8(std::string(200'000, 'x'), "koi8-r").size(), 200'000U);
}

TEST(Transcoder, ReplacesWhatMeansNothing) {
    Transcoder transcoder;
    const auto& utf8 = *find_encoding("utf-8");
    const std::string bad = "\xEF\xBF\xBD";
    EXPECT_EQ(transcoder.to_utf8("a\xFFz", utf8).utf8, "a" + bad + "z");
    EXPECT_EQ(transcoder.to_utf8("a\xE2\x82", utf8).utf8, "a" + bad) << "cut within a character";
    EXPECT_EQ(transcoder.to_utf8("\xC0\xAF", utf8).utf8, bad + bad) << "an overlong form";
    EXPECT_EQ(transcoder.to_utf8("again", utf8).utf8, "again") << "nothing is left behind";
}

}  // namespace
}  // namespace fanfetch
