#include "intake_test.h"

#include "intake_import.h"

#define HEADER "CustomerID,InvoiceDate,Quantity,UnitPrice,Country\n"

static bool open_csv(struct fixture *f, const char *csv, const char *map)
{
    struct str text = str_from_c(csv);
    struct intake_import_options options = {
        .reader = intake_reader_of(&text),
        .format = INTAKE_FORMAT_CSV,
        .map = str_from_c(map),
        .source = &f->source,
    };
    struct intake_import *import = NULL;
    bool good = intake_import_open(&options, &import, &f->fail);
    if (good) {
        intake_import_close(import);
    }
    return good;
}

static void maps_of_the_contract_compile(void **state)
{
    (void)state;
    static const char map[] =
        "{\"customer\": \"CustomerID\", \"event\": {\"const\": \"Order Line\"},"
        "\"ts\": {\"column\": \"InvoiceDate\", \"format\": \"%Y-%m-%d %H:%M:%S\", \"timezone\": "
        "\"Europe/London\"},"
        "\"message_id\": {\"columns\": [\"InvoiceNo\", \"StockCode\", \"@row\"]},"
        "\"channel\": {\"const\": \"web\"},"
        "\"properties\": {\"price\": {\"column\": \"UnitPrice\", \"type\": \"number\"}, "
        "\"quantity\": {\"column\": \"Quantity\", \"type\": \"number\"},"
        "\"revenue\": {\"multiply\": [\"Quantity\", \"UnitPrice\"]}, \"sku\": \"StockCode\"},"
        "\"traits\": {\"country\": \"Country\"}, \"text\": \"review\","
        "\"score\": {\"column\": \"stars\", \"type\": \"number\"}, \"scale\": {\"const\": "
        "\"stars\"},"
        "\"where\": [[\"StockCode\", \"!=\", \"TEST\"]]}";
    struct fixture f;
    test_init(&f);
    if (!open_csv(&f,
                  "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,review,"
                  "stars\n",
                  map)) {
        print_error("%s\n", f.fail.message);
        fail();
    }
    test_done(&f);
}

static void wrong_maps_name_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *map, *pointer, *message;
    } cases[] = {
        {"[]", "", "expected an object, found an array"},
        {"{", "", "the map"},
        {"{}", "", "no event"},
        {"{\"event\":{\"const\":\"E\"}}", "", "no ts"},
        {"{\"event\":{\"const\":\"E\"},\"ts\":\"InvoiceDate\"}", "", "no customer"},
        {"{\"custmer\":\"CustomerID\"}", "/custmer", "did you mean \"customer\"?"},
        {"{\"zzz\":1}", "/zzz", "known are customer, event, ts"},
        {"{\"customer\":\"CustmerID\"}", "/customer", "did you mean \"CustomerID\"?"},
        {"{\"customer\":{\"column\":\"nothing like it\"}}", "/customer/column",
         "the file has CustomerID, InvoiceDate, Quantity"},
        {"{\"customer\":5}", "/customer", "a column's name, or an object"},
        {"{\"customer\":\"\"}", "/customer", "empty"},
        {"{\"customer\":{}}", "/customer", "one of column, columns, const and multiply"},
        {"{\"customer\":{\"colum\":\"x\"}}", "/customer/colum", "did you mean \"column\"?"},
        {"{\"customer\":{\"column\":\"Country\",\"const\":\"x\"}}", "/customer/const",
         "only one of"},
        {"{\"customer\":{\"column\":\"Country\",\"type\":\"number\"}}", "/customer",
         "a string is needed here"},
        {"{\"customer\":{\"columns\":[]}}", "/customer/columns", "at least one"},
        {"{\"customer\":{\"columns\":[\"Country\",7]}}", "/customer/columns/1", "a column's name"},
        {"{\"event\":{\"const\":\"\"}}", "/event", "no text, or empty"},
        {"{\"event\":{\"const\":[1]}}", "/event/const", "a string, a number or a boolean"},
        {"{\"ts\":{\"column\":\"InvoiceDate\",\"format\":\"%Y-%Q\"}}", "/ts/format", ""},
        {"{\"ts\":{\"column\":\"InvoiceDate\",\"format\":\"unxi\"}}", "/ts/format",
         "did you mean \"unix\"?"},
        {"{\"ts\":{\"column\":\"InvoiceDate\",\"format\":5}}", "/ts/format", "strptime"},
        {"{\"ts\":{\"column\":\"InvoiceDate\",\"timezone\":\"Europe/Londn\"}}", "/ts/timezone",
         "London"},
        {"{\"ts\":{\"const\":\"soon\"}}", "/ts", "no time that can be read"},
        {"{\"properties\":[]}", "/properties", "an object of names and columns"},
        {"{\"properties\":{\"\":\"Country\"}}", "/properties/", "1 to 200 bytes"},
        {"{\"properties\":{\"a/b\":\"Contry\"}}", "/properties/a~1b", "did you mean \"Country\"?"},
        {"{\"properties\":{\"p\":{\"column\":\"Country\",\"type\":\"numbr\"}}}",
         "/properties/p/type", "did you mean \"number\"?"},
        {"{\"properties\":{\"p\":{\"column\":\"Country\",\"format\":\"unix\"}}}", "/properties/p",
         "format is for times"},
        {"{\"properties\":{\"p\":{\"multiply\":[\"Quantity\",\"Unitprice \"]}}}",
         "/properties/p/multiply/1", "did you mean \"UnitPrice\"?"},
        {"{\"properties\":{\"p\":{\"multiply\":\"Quantity\"}}}", "/properties/p/multiply",
         "an array of columns"},
        {"{\"properties\":{\"p\":{\"multiply\":[\"Quantity\"],\"type\":\"string\"}}}",
         "/properties/p", "a number is needed here"},
        {"{\"properties\":{\"p\":{\"const\":\"x\",\"type\":\"number\"}}}", "/properties/p",
         "no number"},
        {"{\"properties\":{\"p\":{\"const\":\"x\",\"type\":\"boolean\"}}}", "/properties/p",
         "not true or false"},
        {"{\"customer\":{\"column\":5}}", "/customer/column", "a column's name"},
        {"{\"ts\":{\"column\":\"InvoiceDate\",\"timezone\":5}}", "/ts/timezone", "IANA"},
        {"{\"properties\":{\"p\":{\"multiply\":[\"Quantity\",\"Quantity\",\"Quantity\","
         "\"Quantity\","
         "\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\","
         "\"Quantity\","
         "\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\",\"Quantity\"]}}}",
         "/properties/p/multiply", "at most 16"},
        {"{\"anonymous\":\"yes\"}", "/anonymous", "\"skip\""},
        {"{\"identifiers\":{\"user\":\"CustomerID\"}}", "/identifiers/user", "\"customer\""},
        {"{\"identifiers\":{\"phone\":\"CustomerID\"}}", "/identifiers/phone", "ext.NAME"},
        {"{\"missing\":\"NA\"}", "/missing", "an array of texts"},
        {"{\"missing\":[1]}", "/missing/0", "a string"},
        {"{\"delimiter\":\";;\"}", "/delimiter", "one character"},
        {"{\"delimiter\":\"\\n\"}", "/delimiter", "one character"},
        {"{\"where\":{}}", "/where", "an array of conditions"},
        {"{\"where\":[5]}", "/where/0", "expected [column, operator, value]"},
        {"{\"where\":[[\"Country\"]]}", "/where/0", "expected [column, operator, value]"},
        {"{\"where\":[[\"Contry\",\"=\",\"x\"]]}", "/where/0/0", "did you mean \"Country\"?"},
        {"{\"where\":[[\"Country\",\"==\",\"x\"]]}", "/where/0/1", "did you mean"},
        {"{\"where\":[[\"Country\",\"=\"]]}", "/where/0", "takes one value"},
        {"{\"where\":[[\"Country\",\"set\",1]]}", "/where/0", "takes no value"},
        {"{\"where\":[[\"Country\",\"=\",null]]}", "/where/0/2", "set and not set"},
        {"{\"where\":[[\"Country\",\"=\",[\"x\"]]]}", "/where/0/2", "takes one value"},
        {"{\"where\":[[\"Country\",\"in\",\"x\"]]}", "/where/0/2", "takes an array"},
        {"{\"where\":[[\"Country\",\"in\",[\"x\",{}]]]}", "/where/0/2/1", "a string, a number"},
        {"{\"where\":[[\"Country\",\"contains\",5]]}", "/where/0/2", "takes a string"},
        {"{\"where\":[{\"all\":[]}]}", "/where/0", "any"},
        {"{\"where\":[{\"any\":[]}]}", "/where/0/any", "at least one"},
        {"{\"where\":[{\"any\":[[\"Contry\",\"=\",1]]}]}", "/where/0/any/0/0", "Country"},
        {"{\"customer\":\"Country\",\"event\":\"Country\",\"ts\":\"Country\",\"score\":"
         "\"Quantity\"}",
         "", "score and scale stand together"},
        {"{\"customer\":\"Country\",\"event\":\"Country\",\"ts\":\"Country\",\"score\":"
         "\"Quantity\","
         "\"scale\":{\"const\":\"NPS\"}}",
         "/scale", "unknown scale"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool good = open_csv(&f, HEADER, cases[i].map);
        if (good || strcmp(f.fail.pointer, cases[i].pointer) != 0) {
            print_error("map %s: pointer \"%s\": %s\n", cases[i].map, f.fail.pointer,
                        f.fail.message);
        }
        assert_fails(good, &f.fail, FAIL_INPUT, cases[i].message);
        assert_string_equal(f.fail.pointer, cases[i].pointer);
    }
    test_done(&f);
}

static void wrong_files_say_what_is_wrong(void **state)
{
    (void)state;
    static const char map[] = "{\"customer\":\"a\",\"event\":{\"const\":\"E\"},\"ts\":\"b\"}";
    struct fixture f;
    test_init(&f);
    assert_fails(open_csv(&f, "", map), &f.fail, FAIL_INPUT, "empty");
    assert_fails(open_csv(&f, "\n\n", map), &f.fail, FAIL_INPUT, "empty");
    assert_fails(open_csv(&f, "a,b,a\n", map), &f.fail, FAIL_INPUT,
                 "names \"a\" twice, columns 1 and 3");
    assert_fails(open_csv(&f, "\"a,b\n1,2\n", map), &f.fail, FAIL_INPUT, "quotes do not fit");
    assert_fails(open_csv(&f, "a,\xff\n", map), &f.fail, FAIL_INPUT, "column 2 is not UTF-8");
    assert_fails(open_csv(&f,
                          "\xff\xfe"
                          "a,b\n",
                          map),
                 &f.fail, FAIL_INPUT, "UTF-16");
    assert_fails(open_csv(&f, "a;b\n1;2\n", map), &f.fail, FAIL_INPUT, "delimiter");
    assert_true(open_csv(&f, "a,b\n", map));
    assert_true(open_csv(&f, "\xEF\xBB\xBF\"a\",b,,\n", map));
    test_done(&f);
}

static void csv_without_a_map_gets_one_to_start_with(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    assert_fails(
        open_csv(&f, "InvoiceNo,InvoiceDate,CustomerID\n1,2,3\n", ""), &f.fail, FAIL_INPUT,
        "The columns are InvoiceNo, InvoiceDate, CustomerID. To start with: {\"customer\": "
        "\"CustomerID\", \"event\": {\"const\": \"Order\"}, \"ts\": \"InvoiceDate\"}");
    test_done(&f);
}

static void formats_are_known_by_name(void **state)
{
    (void)state;
    enum intake_format format;
    struct fail why;
    assert_true(intake_format_parse(STR("ndjson"), &format, &why));
    assert_int_equal(format, INTAKE_FORMAT_NDJSON);
    assert_true(intake_format_parse(STR("csv"), &format, &why));
    assert_int_equal(format, INTAKE_FORMAT_CSV);
    assert_true(intake_format_parse(STR("segment"), &format, &why));
    assert_int_equal(format, INTAKE_FORMAT_SEGMENT);
    assert_fails(intake_format_parse(STR("njson"), &format, &why), &why, FAIL_INPUT,
                 "did you mean ndjson?");
    assert_fails(intake_format_parse(STR("parquet"), &format, &why), &why, FAIL_INPUT,
                 "expected ndjson, csv, segment, posthog, access-log, eml or mbox");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_of_the_contract_compile),
        cmocka_unit_test(wrong_maps_name_the_place),
        cmocka_unit_test(wrong_files_say_what_is_wrong),
        cmocka_unit_test(csv_without_a_map_gets_one_to_start_with),
        cmocka_unit_test(formats_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
