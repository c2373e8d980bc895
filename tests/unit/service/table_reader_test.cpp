#include "api/table_reader.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

std::vector<TableRow> rows_of(table_dialect dialect, std::string_view text, std::size_t step = 0) {
    TableParser parser{dialect};
    std::vector<TableRow> rows;
    while (!text.empty()) {
        const auto piece = text.substr(0, step == 0 ? text.size() : step);
        text.remove_prefix(piece.size());
        parser.feed(piece, rows);
    }
    parser.finish(rows);
    return rows;
}

using Cells = std::vector<std::string>;

TEST(TableParser, TakesQuotedCellsApartHoweverTheyAreCut) {
    const std::string_view text =
        "\xEF\xBB\xBF"
        "a,\"b, \"\"c\"\"\r\nd\",\r\n\n\"\",x\n\"last\"";
    for (std::size_t step = 0; step < 9; ++step) {
        const auto rows = rows_of(table_dialect::csv, text, step);
        ASSERT_EQ(rows.size(), 3U) << step;
        EXPECT_EQ(rows[0].cells, (Cells{"a", "b, \"c\"\r\nd", ""}));
        EXPECT_EQ(rows[0].line, 1U);
        EXPECT_EQ(rows[1].cells, (Cells{"", "x"}));
        EXPECT_EQ(rows[1].line, 4U);
        EXPECT_EQ(rows[2].cells, (Cells{"last"}));
    }
}

TEST(TableParser, ABadRowIsOverWithItsLine) {
    const auto rows = rows_of(
        table_dialect::csv, "a,b\"c\nok,1\n\"a\"b,c\nok,2\na\rb\nok,3\n\"never closed\nok,4\n"
    );

    ASSERT_EQ(rows.size(), 7U);
    for (const std::size_t bad : {0, 2, 4, 6}) {
        EXPECT_NE(rows[bad].fault, "") << bad;
        EXPECT_TRUE(rows[bad].cells.empty());
    }
    EXPECT_EQ(rows[1].cells, (Cells{"ok", "1"}));
    EXPECT_EQ(rows[5].cells, (Cells{"ok", "3"}));
    EXPECT_EQ(rows[6].line, 7U);
}

TEST(TableParser, RowsAreBounded) {
    const std::string wide(TableParser::most_cells, ',');
    const std::string exact(TableParser::most_cells - 1, ',');
    const std::string longest(TableParser::longest_row, 'x');
    const auto rows = rows_of(
        table_dialect::csv, wide + "\n" + exact + "\n" + longest + "\n" + longest + "y\nok\n\"" +
                                longest + "\nstill in it\nok\n"
    );

    ASSERT_EQ(rows.size(), 8U);
    EXPECT_NE(rows[0].fault, "");
    EXPECT_EQ(rows[1].cells.size(), TableParser::most_cells);
    EXPECT_EQ(rows[2].cells.front().size(), TableParser::longest_row);
    EXPECT_NE(rows[3].fault, "");
    EXPECT_EQ(rows[4].cells, (Cells{"ok"}));
    EXPECT_NE(rows[5].fault, "") << "a quote that is not closed costs a row's bound";
    EXPECT_EQ(rows[6].cells, (Cells{"still in it"}));
    EXPECT_EQ(rows[7].cells, (Cells{"ok"}));
}

TEST(TableParser, TabsAreNotQuoted) {
    const auto rows = rows_of(table_dialect::tsv, "a\t\"b\"\tc,d\n");

    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].cells, (Cells{"a", "\"b\"", "c,d"}));
}

struct Read {
    std::vector<Item> items;
    failure_code code = failure_code::none;
};

Read read(table_dialect dialect, std::string_view text, SubmissionContext context = {}) {
    Read outcome;
    TableReader reader{dialect, std::move(context)};
    if (auto fed = reader.feed(text, outcome.items); !fed) {
        outcome.code = fed.error().code;
    } else if (auto finished = reader.finish(outcome.items); !finished) {
        outcome.code = finished.error().code;
    }
    return outcome;
}

TEST(TableReader, ColumnsBecomeMembersOfTheRequest) {
    const auto table = read(
        table_dialect::csv,
        " URL ,size,md5,id,Colour\n"
        "http://a.test/x,5,XUFAKrxLKna5cZ2REBfFkg==,one,red\n"
        "http://a.test/y,,,,\n"
    );

    ASSERT_EQ(table.items.size(), 2U);
    EXPECT_EQ(table.items[0].url, "http://a.test/x");
    EXPECT_NE(table.items[0].extras.find("\"id\":\"one\""), std::string::npos);
    EXPECT_NE(table.items[0].extras.find("{\"Colour\":\"red\"}"), std::string::npos);
    EXPECT_NE(table.items[0].extras.find("\"size\":5"), std::string::npos);
    EXPECT_EQ(table.items[1].extras, "");
    EXPECT_EQ(table.items[1].index, 1U);
}

TEST(TableReader, ABadRowIsAFailedItemThatTellsItsLine) {
    const auto table = read(
        table_dialect::csv,
        "url,size\nhttp://a.test/\nhttp://a.test/,many\nnonsense,1\nhttp://a.test/,1\n"
    );

    ASSERT_EQ(table.items.size(), 4U);
    EXPECT_EQ(table.items[0].failure->code, failure_code::request_invalid);
    EXPECT_EQ(table.items[0].failure->detail.substr(0, 7), "line 2:");
    EXPECT_EQ(table.items[1].failure->code, failure_code::request_invalid);
    EXPECT_EQ(table.items[2].failure->code, failure_code::url_invalid);
    EXPECT_EQ(table.items[2].failure->detail.substr(0, 7), "line 4:");
    EXPECT_FALSE(table.items[3].failure);
}

TEST(TableReader, ReadsGooglesLists) {
    const auto table = read(
        table_dialect::tsv,
        "TsvHttpData-1.0\nhttp://a.test/1\t5\tXUFAKrxLKna5cZ2REBfFkg==\nhttp://a.test/2\n"
        "http://a.test/3\t5\tx\ty\n"
    );

    ASSERT_EQ(table.items.size(), 3U);
    EXPECT_NE(table.items[0].extras.find("expect"), std::string::npos);
    EXPECT_EQ(table.items[1].extras, "");
    EXPECT_TRUE(table.items[2].failure);
}

TEST(TableReader, BadHeadingsRefuseTheWhole) {
    for (const auto* text : {"link\n", "url,url\n", "URL,url\n", "url,\n", "\"url\nx"}) {
        EXPECT_EQ(read(table_dialect::csv, text).code, failure_code::api_invalid) << text;
    }
    EXPECT_EQ(read(table_dialect::csv, "").code, failure_code::job_empty);
    EXPECT_EQ(read(table_dialect::csv, "url\n").code, failure_code::job_empty);
    SubmissionContext open;
    open.may_be_empty = true;
    EXPECT_EQ(read(table_dialect::csv, "", open).code, failure_code::none);
}

TEST(TableReader, TakesNoMoreItemsThanAJobMayHave) {
    SubmissionContext context;
    context.limits.max_items = 2;

    const auto table =
        read(table_dialect::csv, "url\nhttp://a/1\nhttp://a/2\nhttp://a/3\n", context);

    EXPECT_EQ(table.code, failure_code::job_too_many_items);
    EXPECT_EQ(table.items.size(), 2U);
}

}  // namespace
}  // namespace fanfetch
