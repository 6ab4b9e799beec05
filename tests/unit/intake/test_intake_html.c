/* The words of HTML. */
#include "intake_test.h"

#include "intake_html.h"

static void check(const char *html, const char *expected)
{
    struct base_buf out CLEANUP(base_buf_done) = {0};
    struct fail why;
    intake_html_text(str_from_c(html), &out);
    assert_true(base_buf_ok(&out, &why));
    assert_str(out.data == NULL ? STR("") : base_buf_view(&out), expected);
}

static void tags_go_and_blocks_become_lines(void **state)
{
    (void)state;
    check("<p>Great &amp; fast</p>", "Great & fast");
    check("plain text", "plain text");
    check("", "");
    check("<p></p><br><div></div>", "");
    check("<p>One</p><p>Two</p>", "One\n\nTwo");
    check("<div>One</div><div>Two</div>", "One\nTwo");
    check("One<br>Two<br/><br />Three", "One\nTwo\n\nThree");
    check("<b>Bo</b>ld and <i>it</i>alic", "Bold and italic");
    check("a\n  b\t c", "a b c");
    check("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter");
    check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
    check("<pre>a\n  b\nc</pre>d", "a\nb\nc\n\nd");
    check("<h1>Title</h1>text", "Title\n\ntext");
    check("<DIV CLASS='x'>Upper</DIV>", "Upper");
    check("<p>x</p>   \n\n   ", "x");
}

static void quoted_blocks_are_marked_as_in_mail(void **state)
{
    (void)state;
    check("Yes<blockquote>On Monday:<br>old<blockquote>older</blockquote></blockquote>new",
          "Yes\n\n> On Monday:\n> old\n\n> > older\n\nnew");
    check("</blockquote></blockquote>x", "x");
}

static void what_no_reader_sees_goes(void **state)
{
    (void)state;
    check("<head><title>T</title></head><style>p{}</style>a<script>alert('<p>')</script>b", "ab");
    check("a<!-- <p>hidden</p> -->b<!DOCTYPE html>c<?php x ?>d", "abcd");
    check("a<script>never closed", "a");
    check("<![CDATA[kept]]>", "kept]]>");
    check("<img src=x onerror=alert(1)>x", "x");
    check("<a title=\"a > b\" href='>'>link</a>", "link");
}

static void references_become_characters_once(void **state)
{
    (void)state;
    check("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>");
    check("&amp;lt;", "&lt;");
    check("caf&eacute; &euro;5 &#8364;6 &#x20ac;7 &hellip;", "caf\xC3\xA9 \xE2\x82\xAC"
                                                             "5 "
                                                             "\xE2\x82\xAC"
                                                             "6 \xE2\x82\xAC"
                                                             "7 \xE2\x80\xA6");
    check("a&nbsp;b&#160;c", "a b c");
    check("&#128;&#146;", "\xE2\x82\xAC\xE2\x80\x99");
    check("&unknown; & &; &# &#x; &#xzz; AT&T", "&unknown; & &; &# &#x; &#xzz; AT&T");
    check("&#0;&#x110000;&#xD800;&#99999999;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    check("&#x1F600;", "\xF0\x9F\x98\x80");
    check("&AElig;&zwnj;&yuml;", "\xC3\x86\xE2\x80\x8C\xC3\xBF");
}

static void what_is_no_markup_stays(void **state)
{
    (void)state;
    check("1 < 2 and 3 > 2", "1 < 2 and 3 > 2");
    check("I <3 you", "I <3 you");
    check("<", "<");
    check("a <", "a <");
    check("x <>", "x <>");
    check("<notatagweknowatall>x</notatagweknowatall>", "x");
    check("a\x01\x1b[31mb\x7f", "a[31mb");
    check("bad \xC3 utf \xFF", "bad \xEF\xBF\xBD utf \xEF\xBF\xBD");
    check("<b", "");
}

static void a_full_buffer_says_so_and_depth_costs_nothing(void **state)
{
    (void)state;
    struct base_buf out CLEANUP(base_buf_done) = {.limit = 10};
    struct fail why;
    intake_html_text(STR("much more than ten bytes"), &out);
    assert_false(base_buf_ok(&out, &why));
    struct base_buf deep CLEANUP(base_buf_done) = {0}, text CLEANUP(base_buf_done) = {0};
    for (int i = 0; i < 100000; i++) {
        base_buf_c(&deep, "<blockquote><ul><li>");
    }
    base_buf_c(&deep, "x");
    intake_html_text(base_buf_view(&deep), &text);
    assert_true(base_buf_ok(&text, &why));
    assert_true(text.len < 4 * deep.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_go_and_blocks_become_lines),
        cmocka_unit_test(quoted_blocks_are_marked_as_in_mail),
        cmocka_unit_test(what_no_reader_sees_goes),
        cmocka_unit_test(references_become_characters_once),
        cmocka_unit_test(what_is_no_markup_stays),
        cmocka_unit_test(a_full_buffer_says_so_and_depth_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
