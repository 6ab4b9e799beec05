/* How much personal data is found, and how much else is taken for it: over labelled lines in many languages.
 * A label is {{kind|value}}; a finding counts where it has just its kind, beginning and end. */
#include <stdlib.h>

#include "base_disk.h"
#include "intake_mask_find.h"
#include "intake_test.h"

#define LABELS_MAX 32
#define RECALL_LEAST 0.99
#define PRECISION_LEAST 0.97

static const char *folder;

struct line {
    struct str text; /* without the labels */
    struct intake_mask_span spans[LABELS_MAX];
    size_t count;
};

struct score {
    size_t labelled, found, right;
};

static enum intake_mask_kind kind_of(struct str name)
{
    for (int kind = 0; kind < INTAKE_MASK_KINDS; kind++) {
        if (str_is(name, intake_mask_kind_name((enum intake_mask_kind)kind))) {
            return (enum intake_mask_kind)kind;
        }
    }
    print_error("unknown label %.*s\n", STR_ARG(name));
    fail();
    return INTAKE_MASK_KINDS;
}

static void read_line(struct str raw, struct arena *arena, struct line *out)
{
    char *text = arena_alloc(arena, raw.len + 1, NULL);
    size_t len = 0, at = 0;
    *out = (struct line){.count = 0};
    while (at < raw.len) {
        struct str rest = str_after(raw, at);
        if (!str_starts_c(rest, "{{")) {
            text[len++] = raw.data[at++];
            continue;
        }
        size_t bar = str_find_byte(rest, '|'), end = str_find(rest, STR("}}"));
        assert_true(bar < end && end < rest.len && out->count < LABELS_MAX);
        struct intake_mask_span *span = &out->spans[out->count++];
        span->kind = kind_of(str_of(rest.data + 2, bar - 2));
        span->begin = len;
        memcpy(text + len, rest.data + bar + 1, end - bar - 1);
        len += end - bar - 1;
        span->end = len;
        at += end + 2;
    }
    out->text = str_of(text, len);
}

static bool is_labelled(const struct line *line, const struct intake_mask_span *found)
{
    for (size_t i = 0; i < line->count; i++) {
        if (line->spans[i].kind == found->kind && line->spans[i].begin == found->begin &&
            line->spans[i].end == found->end) {
            return true;
        }
    }
    return false;
}

static void judge_line(const struct line *line, struct score *scores)
{
    struct intake_mask_span span;
    size_t right = 0;
    for (size_t at = 0; intake_mask_next(line->text, (1U << INTAKE_MASK_KINDS) - 1, at, &span);
         at = span.end) {
        scores[span.kind].found++;
        bool good = is_labelled(line, &span);
        scores[span.kind].right += good ? 1U : 0U;
        right += good ? 1U : 0U;
        if (!good) {
            print_message("  not so: %s \"%.*s\" in: %.*s\n", intake_mask_kind_name(span.kind),
                          (int)(span.end - span.begin), line->text.data + span.begin,
                          STR_ARG(line->text));
        }
    }
    for (size_t i = 0; i < line->count; i++) {
        scores[line->spans[i].kind].labelled++;
    }
    if (right < line->count) {
        print_message("  missed in: %.*s\n", STR_ARG(line->text));
    }
}

static size_t judge_file(const char *name, struct score *scores)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct disk *disk;
    struct fail fail;
    struct str text, raw;
    size_t lines = 0;
    assert_true(disk_real(folder, &disk, &fail));
    assert_true(disk_read_whole(disk, name, arena, (size_t)1 << 20, &text, &fail));
    disk_free(disk);
    while (str_next_part(&text, '\n', &raw)) {
        struct line line;
        if (raw.len == 0 || raw.data[0] == '#') {
            continue;
        }
        read_line(raw, arena, &line);
        judge_line(&line, scores);
        lines++;
    }
    return lines;
}

static void check(const char *file, size_t least_lines)
{
    struct score scores[INTAKE_MASK_KINDS + 1] = {0};
    size_t lines = judge_file(file, scores);
    struct score *all = &scores[INTAKE_MASK_KINDS];
    for (int kind = 0; kind < INTAKE_MASK_KINDS; kind++) {
        all->labelled += scores[kind].labelled;
        all->found += scores[kind].found;
        all->right += scores[kind].right;
    }
    assert_true(lines >= least_lines);
    for (int kind = 0; kind <= INTAKE_MASK_KINDS; kind++) {
        const struct score *score = &scores[kind];
        double recall = (double)score->right / (double)score->labelled;
        double precision = (double)score->right / (double)score->found;
        print_message(
            "%s, %s: %zu labelled, recall %.4f, precision %.4f\n", file,
            kind == INTAKE_MASK_KINDS ? "all" : intake_mask_kind_name((enum intake_mask_kind)kind),
            score->labelled, recall, precision);
        assert_true(score->labelled >= 10);
        assert_true(recall >= RECALL_LEAST);
        assert_true(precision >= PRECISION_LEAST);
    }
}

static void personal_data_is_found_and_little_else(void **state)
{
    (void)state;
    check("labelled.txt", 600);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personal_data_is_found_and_little_else),
    };
    folder = argc > 1 ? argv[1] : "mask";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
