#include "api/json.hpp"

#include "model/canonical_json.hpp"
#include "support/first_pointer.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <cstdlib>
#include <ctime>

namespace fanfetch {
namespace {

using namespace std::string_view_literals;

enum class verdict : std::uint8_t { accept, unreadable, repeated };

struct JsonCase {
    std::string_view why;
    std::string_view text;
    verdict expected;
};

using enum verdict;

// The classes of cases of nst/JSONTestSuite, spelled anew. Where that suite leaves the answer open,
// ours stands here.
const JsonCase cases[] = {
    {"empty array", "[]", accept},
    {"empty object", "{}", accept},
    {"bare string", R"("a")", accept},
    {"bare number", "42", accept},
    {"bare null", "null", accept},
    {"white space everywhere", " \t\r\n[ 1 , {\n\"a\" : true } ]\n ", accept},
    {"every escape", R"(["\"\\\/\b\f\n\r\t\u0041"])", accept},
    {"escaped NUL", R"(["\u0000"])", accept},
    {"surrogate pair", R"(["\ud83d\ude00"])", accept},
    {"escaped noncharacter", R"(["\uffff\udbff\udfff"])", accept},
    {"UTF-8 of two, three, four bytes", "[\"ä文😀\"]", accept},
    {"DEL raw", "[\"\x7f\"]", accept},
    {"U+2028 raw", "[\"\u2028\"]", accept},
    {"empty key", R"({"":0})", accept},
    {"key with NUL", R"({"a\u0000b":0})", accept},
    {"same key at two levels", R"({"a":{"a":1}})", accept},
    {"negative zero", "[-0]", accept},
    {"exponents", "[1e2,1E2,1e+2,1e-2,0e1,1.5e0]", accept},
    {"close to zero", "[-0.0000000000000000000000000000000000000000000000000000000001]", accept},
    {"underflow", "[1e-400]", accept},
    {"largest integers", "[-9223372036854775808,18446744073709551615]", accept},
    {"32 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", accept},

    {"nothing", "", unreadable},
    {"white space only", " \n", unreadable},
    {"byte order mark", "\xEF\xBB\xBF[]", unreadable},
    {"UTF-16", "[\0\"\0a\0\"\0]\0"sv, unreadable},
    {"unclosed array", "[1", unreadable},
    {"unclosed object", R"({"a":1)", unreadable},
    {"unclosed string", "[\"a", unreadable},
    {"closed twice", "[]]", unreadable},
    {"two documents", "[][]", unreadable},
    {"text after the end", "{}#", unreadable},
    {"form feed", "[\f]", unreadable},
    {"no-break space", "[\xC2\xA0]", unreadable},
    {"comment", "[1/*a*/]", unreadable},
    {"line comment", "[]//", unreadable},
    {"trailing comma", "[1,]", unreadable},
    {"trailing comma of an object", R"({"a":1,})", unreadable},
    {"leading comma", "[,1]", unreadable},
    {"two commas", "[1,,2]", unreadable},
    {"missing comma", "[1 2]", unreadable},
    {"missing colon", R"({"a" 1})", unreadable},
    {"missing value", R"({"a":})", unreadable},
    {"two colons", R"({"a"::1})", unreadable},
    {"bare key", "{a:1}", unreadable},
    {"single quotes", "['a']", unreadable},
    {"number as key", "{1:1}", unreadable},
    {"mixed brackets", "[1}", unreadable},
    {"True", "[True]", unreadable},
    {"cut word", "[nul]", unreadable},
    {"NaN", "[NaN]", unreadable},
    {"Infinity", "[-Infinity]", unreadable},
    {"leading zero", "[012]", unreadable},
    {"leading plus", "[+1]", unreadable},
    {"hexadecimal", "[0x1]", unreadable},
    {"no digit before the point", "[.5]", unreadable},
    {"no digit after the point", "[1.]", unreadable},
    {"no digit in the exponent", "[1e]", unreadable},
    {"lone minus", "[-]", unreadable},
    {"minus space", "[- 1]", unreadable},
    {"full-width digit", "[\xEF\xBC\x91]", unreadable},
    {"raw newline in a string", "[\"a\nb\"]", unreadable},
    {"raw NUL in a string", "[\"a\0\"]"sv, unreadable},
    {"raw tab in a string", "[\"\t\"]", unreadable},
    {"unknown escape", R"(["\x41"])", unreadable},
    {"escaped quote at the end", R"(["\"])", unreadable},
    {"short unicode escape", R"(["\u00A"])", unreadable},
    {"upper-case unicode escape", R"(["\U0041"])", unreadable},
    {"lone leading surrogate", R"(["\ud800"])", unreadable},
    {"lone trailing surrogate", R"(["\udc00"])", unreadable},
    {"leading surrogate twice", R"(["\ud800\ud800"])", unreadable},
    {"leading surrogate and a letter", R"(["\ud800a"])", unreadable},
    {"byte that is no UTF-8", "[\"\xFF\"]", unreadable},
    {"lone continuation byte", "[\"\x80\"]", unreadable},
    {"overlong slash", "[\"\xC0\xAF\"]", unreadable},
    {"overlong of six bytes", "[\"\xFC\x83\xBF\xBF\xBF\xBF\"]", unreadable},
    {"surrogate in UTF-8", "[\"\xED\xA0\x80\"]", unreadable},
    {"past U+10FFFF", "[\"\xF4\x90\x80\x80\"]", unreadable},
    {"UTF-8 cut off", "[\"\xE6\x96\"]", unreadable},
    {"invalid UTF-8 in a key", "{\"\xFF\":1}", unreadable},
    {"invalid UTF-8 outside a string", "[\xFF]", unreadable},
    {"33 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", unreadable},
    {"too large for a double", "[1e400]", unreadable},
    {"exponent of many digits", "[1e99999999999]", unreadable},
    {"too large for 64 bits", "[18446744073709551616]", unreadable},
    {"too small for 64 bits", "[-9223372036854775809]", unreadable},

    {"repeated member", R"({"a":1,"a":2})", repeated},
    {"repeated equal member", R"({"a":1,"a":1})", repeated},
    {"repeated member by escape", R"({"a":1,"\u0061":2})", repeated},
    {"repeated empty key", R"({"":1,"":1})", repeated},
};

TEST(ParseJson, Cli05GivesTheVerdictsOfTheTestSuite) {
    for (const auto& [why, text, expected] : cases) {
        const auto value = parse_json(text);

        EXPECT_EQ(value.has_value(), expected == accept) << why;
        if (!value) {
            const auto code =
                expected == repeated ? failure_code::api_invalid : failure_code::api_bad_request;
            EXPECT_EQ(value.error().code, code) << why << ": " << value.error().detail;
        }
    }
}

TEST(ParseJson, KeepsEveryValueAsItWas) {
    constexpr auto text =
        R"({"a":[1,-2,18446744073709551615,0.1,1.5e+300,true,false,null],"b":{"c":"x\ny","":{}}})";

    const auto value = parse_json(text);

    ASSERT_TRUE(value.has_value()) << value.error().detail;
    EXPECT_EQ(canonical_json(*value), text);
}

TEST(ParseJson, AReadAndWrittenNumberKeepsItsKind) {
    for (const auto& [text, canonical] :
         {std::pair{"-0.0", "-0.0"}, std::pair{"1e2", "100.0"}, std::pair{"-0", "0"},
          std::pair{"1e22", "1e+22"}, std::pair{"100", "100"}}) {
        const auto value = parse_json(text);

        ASSERT_TRUE(value.has_value()) << text;
        EXPECT_EQ(canonical_json(*value), canonical);
        EXPECT_EQ(canonical_json(*parse_json(canonical)), canonical);
    }
}

TEST(ParseJson, ReadsDoublesExactly) {
    // Halfway cases and long tails, where quick conversions go wrong.
    for (const auto* text :
         {"9007199254740993.0", "0.1e-6", "2.2250738585072011e-308", "1.7976931348623157e308",
          "6.0221409e+23", "123456789012345678.5", "0.30000000000000004"}) {
        const auto value = parse_json(text);

        ASSERT_TRUE(value.has_value()) << text;
        EXPECT_EQ(value->as_double(), std::strtod(text, nullptr)) << text;
    }
}

TEST(ParseJson, Cli06TellsTheOffsetAndQuotesNothing) {
    const auto bad_byte = parse_json("{\"secret\":\"\xFF\"}");
    const auto cut = parse_json("[1,2");
    const auto extra = parse_json("[] x");

    EXPECT_EQ(bad_byte.error().detail, "reading JSON: not JSON in UTF-8 at byte 11");
    EXPECT_EQ(cut.error().detail, "reading JSON: it ends too early at byte 4");
    EXPECT_EQ(extra.error().detail, "reading JSON: more text after its end at byte 3");
}

TEST(ParseJson, Cli08PointsAtTheRepeatedMember) {
    const auto value = parse_json(R"({"x":1,"a/b":[0,{"~":[]},{"k":1,"j":{},"k":2}]})");

    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(first_pointer(value.error()), "/a~1b/2/k");
}

TEST(ParseJson, Cli07HostileShapesAreBounded) {
    std::string keys = "{";
    std::string more_keys = "{";
    for (int i = 0; i < 100'000; ++i) {
        (i < 1'000 ? keys : more_keys).append("\"k" + std::to_string(i) + "\":1,");
    }
    keys.back() = '}';
    more_keys.back() = '}';
    std::string arrays = "[[]";
    for (int i = 0; i < 350'000; ++i) {
        arrays += ",[]";
    }
    const auto begin = std::clock();  // of the processor: the machine may be busy

    EXPECT_FALSE(parse_json(std::string(100'000, '[')).has_value());
    EXPECT_FALSE(parse_json(std::string(1'000'000, '1')).has_value());
    EXPECT_TRUE(parse_json("0." + std::string(1'000'000, '1')).has_value());
    EXPECT_TRUE(parse_json(keys).has_value());
    EXPECT_FALSE(parse_json(more_keys).has_value());
    EXPECT_TRUE(parse_json(arrays + "]").has_value());

    // The bar is 200 ms for each; sanitizers need room.
    EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 5);
}

}  // namespace
}  // namespace fanfetch
