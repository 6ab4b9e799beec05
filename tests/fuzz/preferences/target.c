/* What comes to a customer's page from outside. The first byte chooses: 't' a token; 'f' a form; 'p' a policy;
 * anything else a text to be shown. */
#include "act_form.h"
#include "act_html.h"
#include "act_link.h"
#include "act_policy_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_token(struct str token, struct arena *arena)
{
    static const uint8_t key[ACCESS_SEAL_KEY_BYTES] = {7};
    struct act_link link;
    struct store_identifier identifier;
    /* Nobody without the key makes one that opens; what an opened one holds is read strictly too. */
    INVARIANT(!act_link_open(key, token, arena, &link));
    if (act_identifier_parse(token, &identifier)) {
        INVARIANT(identifier.kind.len > 0 && identifier.value.len > 0 &&
                  identifier.kind.len + 1 + identifier.value.len == token.len);
    }
}

static void try_form(struct str body, struct arena *arena)
{
    struct act_policy policy;
    struct act_form form;
    struct fail fail;
    act_policy_default(&policy);
    if (!act_form_read(body, &policy, arena, &form, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT && fail.message[0] != '\0');
        return;
    }
    INVARIANT(form.correction_count <= policy.correction_count);
    for (size_t i = 0; i < form.correction_count; i++) {
        const struct store_field *field = &form.corrections[i];
        INVARIANT(field->value.kind == STORE_NULL ||
                  (field->value.kind == STORE_STRING && field->value.len > 0 &&
                   field->value.len <= ACT_CORRECTION_BYTES_MAX &&
                   str_is_utf8(store_value_text(field->value))));
    }
}

static void try_policy(struct str text, struct arena *arena)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail fail;
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    struct base_buf first CLEANUP(base_buf_done) = {0};
    struct base_buf second CLEANUP(base_buf_done) = {0};
    if (!json_parse(parser, text, &root, &fail) || !act_policy_read(root, arena, policy, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
        return;
    }
    struct json_writer w = {.out = &first};
    act_policy_write(&w, policy);
    INVARIANT(json_parse(parser, base_buf_view(&first), &root, &fail) &&
              act_policy_read(root, arena, policy, &fail));
    w = (struct json_writer){.out = &second};
    act_policy_write(&w, policy);
    INVARIANT(str_equal(base_buf_view(&first), base_buf_view(&second)));
    /* And it decides, whatever it says. */
    struct act_history history = {.zone = zone_utc()};
    struct act_question question = {STR("survey"), STR("email"), 1777593600000};
    struct act_decision decision;
    act_decide(policy, &history, &question, &decision);
    INVARIANT(decision.allowed == (decision.next_ms == question.now_ms));
}

static void try_text(struct str text)
{
    struct base_buf out CLEANUP(base_buf_done) = {0};
    act_html_text(&out, text);
    struct str shown = base_buf_view(&out);
    INVARIANT(str_is_utf8(shown));
    for (size_t i = 0; i < shown.len; i++) {
        unsigned char c = (unsigned char)shown.data[i];
        INVARIANT(c != '<' && c != '>' && c != '"' && c != '\'' && c != 0x7f &&
                  (c >= 0x20 || c == '\n' || c == '\t'));
    }
    INVARIANT(str_find(shown, STR("\xE2\x80\xAE")) == shown.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str input = str_of((const char *)data, size);
    struct str rest = str_after(input, 1);
    switch (size == 0 ? 0 : data[0]) {
    case 't':
        try_token(rest, arena);
        break;
    case 'f':
        try_form(rest, arena);
        break;
    case 'p':
        try_policy(rest, arena);
        break;
    default:
        try_text(input);
    }
    return 0;
}
