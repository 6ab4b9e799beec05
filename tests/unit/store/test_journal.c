/* Frames and their payloads: what was written comes back; what was torn is cut; what is damaged is said. */
#include "store_kit.h"

#include "base_random.h"
#include "store_frame.h"
#include "store_journal.h"

struct journal {
    struct disk_sim *sim;
    struct store_journal journal;
    struct base_buf frame;
};

static void begin(struct journal *journal)
{
    struct fail fail;
    *journal = (struct journal){.sim = disk_sim_new(7)};
    struct disk *disk = disk_sim_disk(journal->sim);
    assert_true(disk_make_dir(disk, "journal", &fail));
    assert_true(store_journal_create(disk, 1, 1, KIT_START_MS, &journal->journal, &fail));
}

static void end(struct journal *journal)
{
    store_journal_file_unref(journal->journal.file);
    base_buf_done(&journal->frame);
    disk_sim_free(journal->sim);
}

static void append(struct journal *journal, struct str payload)
{
    struct fail fail;
    base_buf_reset(&journal->frame);
    static const char header[STORE_JOURNAL_FRAME_BYTES];
    base_buf_bytes(&journal->frame, header, sizeof header);
    base_buf_str(&journal->frame, payload);
    assert_true(store_journal_append(&journal->journal, &journal->frame, &fail));
}

struct heard {
    struct base_buf text;
    int frames;
};

static bool hear(void *context, uint64_t id, uint64_t payload_offset, struct str payload,
                 struct fail *fail)
{
    struct heard *heard = context;
    assert_int_equal(id, 1);
    assert_true(payload_offset >= STORE_JOURNAL_HEADER_BYTES + STORE_JOURNAL_FRAME_BYTES);
    base_buf_str(&heard->text, payload);
    heard->frames++;
    return !str_is(payload, "stop") || fail_set(fail, FAIL_CORRUPT, "enough");
}

/* How many frames come back; -1: said to be corrupt. */
static int read_frames(struct journal *journal, bool last, struct store_journal_end *out)
{
    struct heard heard = {0};
    struct fail fail;
    bool ok = store_journal_read(disk_sim_disk(journal->sim), 1, last, hear, &heard, out, &fail);
    base_buf_done(&heard.text);
    assert_true(ok || fail.code == FAIL_CORRUPT);
    return ok ? heard.frames : -1;
}

static void overwrite(struct journal *journal, uint64_t at, struct str bytes)
{
    struct fail fail;
    assert_true(disk_write_at(journal->journal.file->file, at, bytes.data, bytes.len, &fail));
}

static void cut(struct journal *journal, uint64_t len)
{
    struct fail fail;
    assert_true(disk_truncate(journal->journal.file->file, len, &fail));
}

static void frames_come_back_in_order(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    begin(&journal);
    assert_int_equal(read_frames(&journal, true, &found), 0);
    append(&journal, STR("one"));
    append(&journal, STR(""));
    append(&journal, STR("three"));
    assert_int_equal(read_frames(&journal, false, &found), 3);
    assert_int_equal(found.first_sequence, 1);
    assert_int_equal(found.next_sequence, 4);
    assert_int_equal(found.len, journal.journal.len);
    assert_int_equal(found.file_len, found.len);
    end(&journal);
}

static void a_tail_torn_anywhere_is_cut_and_written_over(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    struct fail fail;
    begin(&journal);
    append(&journal, STR("first"));
    uint64_t whole = journal.journal.len;
    append(&journal, STR("a second frame that is torn"));
    uint64_t full = journal.journal.len;
    for (uint64_t len = whole + 1; len < full; len++) {
        append(&journal, STR("x"));
        cut(&journal, len);
        assert_int_equal(read_frames(&journal, true, &found), 1);
        assert_int_equal(found.len, whole);
        assert_int_equal(found.file_len, len);
        assert_int_equal(read_frames(&journal, false, &found), -1);
        assert_int_equal(read_frames(&journal, true, &found), 1);
        store_journal_file_unref(journal.journal.file);
        assert_true(
            store_journal_continue(disk_sim_disk(journal.sim), &found, &journal.journal, &fail));
        append(&journal, STR("a second frame that is torn"));
        assert_int_equal(read_frames(&journal, true, &found), 2);
        assert_int_equal(found.next_sequence, 3);
    }
    end(&journal);
}

static void zeros_behind_the_last_frame_are_a_torn_tail(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    begin(&journal);
    append(&journal, STR("first"));
    cut(&journal, journal.journal.len + 1000);
    assert_int_equal(read_frames(&journal, true, &found), 1);
    end(&journal);
}

/* Every byte of a journal that was closed in order: damage is said, or it can only be in the last frame. */
static void a_flipped_bit_is_never_overlooked(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    struct fail fail;
    begin(&journal);
    append(&journal, STR("first"));
    append(&journal, STR("second"));
    uint64_t last_at = journal.journal.len;
    append(&journal, STR("\t"));
    for (uint64_t at = 0; at < journal.journal.len; at++) {
        char byte;
        size_t got;
        assert_true(disk_read_at(journal.journal.file->file, at, &byte, 1, &got, &fail));
        char flipped = (char)(byte ^ (char)(1 << (at % 8)));
        overwrite(&journal, at, str_of(&flipped, 1));
        int frames = read_frames(&journal, true, &found);
        if (at < last_at) {
            assert_int_equal(frames, -1);
        } else {
            assert_int_equal(frames, 2);
        }
        overwrite(&journal, at, str_of(&byte, 1));
    }
    assert_int_equal(read_frames(&journal, true, &found), 3);
    end(&journal);
}

/* As a store that is closed ends it. */
static void append_closed(struct journal *journal)
{
    char fill[STORE_JOURNAL_PAGE_BYTES];
    memset(fill, '\t', sizeof fill);
    size_t begin = (size_t)journal->journal.len + STORE_JOURNAL_FRAME_BYTES;
    append(journal, str_of(fill, STORE_JOURNAL_PAGE_BYTES - begin % STORE_JOURNAL_PAGE_BYTES));
    assert_int_equal(journal->journal.len % STORE_JOURNAL_PAGE_BYTES, 0);
    append(journal, str_of(fill, STORE_JOURNAL_CLOSED_RECORDS));
}

static void flip(struct journal *journal, uint64_t at)
{
    struct fail fail;
    char byte;
    size_t got;
    assert_true(disk_read_at(journal->journal.file->file, at, &byte, 1, &got, &fail));
    byte = (char)(byte ^ 16);
    overwrite(journal, at, str_of(&byte, 1));
}

static void damage_of_what_only_says_that_it_was_closed_is_told_and_loses_nothing(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    begin(&journal);
    append(&journal, STR("first"));
    append(&journal, STR("second"));
    uint64_t data_end = journal.journal.len;
    append_closed(&journal);
    for (uint64_t at = data_end; at < STORE_JOURNAL_PAGE_BYTES; at += 17) {
        flip(&journal, at);
        assert_int_equal(read_frames(&journal, true, &found), 2);
        assert_true(found.spoiled);
        assert_int_equal(found.len, data_end);
        flip(&journal, at);
    }
    flip(&journal, journal.journal.len - 1); /* as if the second had never been written whole */
    assert_int_equal(read_frames(&journal, true, &found), 3);
    assert_false(found.spoiled);
    end(&journal);
}

static void a_page_of_zeros_over_the_last_commits_of_a_closed_journal_is_damage(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    static const char zeros[STORE_JOURNAL_PAGE_BYTES];
    begin(&journal);
    append(&journal, STR("first"));
    uint64_t first_end = journal.journal.len;
    append(&journal, STR("second"));
    append_closed(&journal);
    overwrite(&journal, first_end, str_of(zeros, STORE_JOURNAL_PAGE_BYTES - first_end));
    assert_int_equal(read_frames(&journal, true, &found), -1);
    end(&journal);
}

static void what_was_written_after_a_closing_keeps_it_from_being_cut_off(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    begin(&journal);
    append(&journal, STR("first"));
    uint64_t closing_at = journal.journal.len;
    append_closed(&journal);
    append(&journal, STR("second"));
    assert_int_equal(read_frames(&journal, true, &found), 4);
    flip(&journal, closing_at + 100);
    assert_int_equal(read_frames(&journal, true, &found), -1);
    end(&journal);
}

static void frames_of_another_file_do_not_pass(void **state)
{
    (void)state;
    struct journal journal;
    struct journal other;
    struct store_journal_end found;
    struct fail fail;
    begin(&journal);
    begin(&other);
    append(&journal, STR("ours"));
    append(&other, STR("theirs"));
    append(&other, STR("theirs too"));
    char bytes[256];
    size_t got;
    uint64_t at = journal.journal.len;
    assert_true(disk_read_at(other.journal.file->file, STORE_JOURNAL_HEADER_BYTES, bytes,
                             sizeof bytes, &got, &fail));
    overwrite(&journal, at, str_of(bytes, got));
    assert_int_equal(read_frames(&journal, true, &found), 1);
    assert_int_equal(found.len, at);
    end(&journal);
    end(&other);
}

static void a_header_that_was_never_written_whole_is_told_from_damage(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    begin(&journal);
    cut(&journal, 40);
    assert_int_equal(read_frames(&journal, true, &found), 0);
    assert_true(found.headless);
    cut(&journal, 64);
    assert_int_equal(read_frames(&journal, true, &found), 0);
    assert_true(found.headless);
    cut(&journal, 65);
    assert_int_equal(read_frames(&journal, true, &found), -1);
    end(&journal);
}

static void a_failed_write_without_room_can_be_tried_again(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    struct fail fail;
    begin(&journal);
    append(&journal, STR("first"));
    struct disk_sim_fault fault = {.at = 1, .kind = DISK_SIM_ENOSPC};
    disk_sim_fail(journal.sim, &fault);
    assert_false(store_journal_append(&journal.journal, &journal.frame, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(journal.journal.broken);
    append(&journal, STR("second"));
    assert_int_equal(read_frames(&journal, true, &found), 2);
    end(&journal);
}

static void a_failed_sync_or_broken_disk_is_final(void **state)
{
    (void)state;
    for (uint64_t at = 1; at <= 2; at++) {
        struct journal journal;
        struct fail fail;
        begin(&journal);
        append(&journal, STR("first"));
        struct disk_sim_fault fault = {.at = at, .kind = DISK_SIM_EIO};
        disk_sim_fail(journal.sim, &fault);
        assert_false(store_journal_append(&journal.journal, &journal.frame, &fail));
        assert_int_equal(fail.code, FAIL_IO);
        assert_true(journal.journal.broken);
        end(&journal);
    }
}

static void what_the_reader_refuses_names_the_place(void **state)
{
    (void)state;
    struct journal journal;
    struct store_journal_end found;
    struct heard heard = {0};
    struct fail fail;
    begin(&journal);
    append(&journal, STR("stop"));
    assert_false(
        store_journal_read(disk_sim_disk(journal.sim), 1, true, hear, &heard, &found, &fail));
    assert_non_null(strstr(fail.message, "journal/0000000000000001.log"));
    assert_non_null(strstr(fail.message, "byte 64"));
    base_buf_done(&heard.text);
    end(&journal);
}

/* ---- payloads ------------------------------------------------------------------------------------------- */

static struct store_cell cell(struct store_names *names, enum store_family family, const char *name,
                              struct store_value value)
{
    return (struct store_cell){store_names_intern(names, family, str_from_c(name)), value};
}

static void write_all(struct store_frame_writer *writer, struct store_names *names)
{
    struct store_cell properties[] = {
        cell(names, STORE_FAMILY_PROPERTY, "b", store_value_bool(true)),
        cell(names, STORE_FAMILY_PROPERTY, "i", store_value_int(INT64_MIN)),
        cell(names, STORE_FAMILY_PROPERTY, "u", store_value_uint(UINT64_MAX)),
        cell(names, STORE_FAMILY_PROPERTY, "d", store_value_double(0.5)),
        cell(names, STORE_FAMILY_PROPERTY, "s", store_value_str(STR("x\0y"))),
        cell(names, STORE_FAMILY_PROPERTY, "s", store_value_str(STR(""))),
    };
    struct store_cell traits[] = {
        cell(names, STORE_FAMILY_TRAIT, "gone", (struct store_value){.kind = STORE_NULL}),
    };
    struct store_row row = {
        .original = 7,
        .ts_ms = INT64_MAX,
        .received_at_ms = INT64_MIN + 1,
        .client_ts_ms = -5,
        .sent_at_ms = 5,
        .event = store_names_intern(names, STORE_FAMILY_EVENT, STR("Buy")),
        .source = store_names_intern(names, STORE_FAMILY_SOURCE, STR("web")),
        .channel = store_names_intern(names, STORE_FAMILY_CHANNEL, STR("app")),
        .scale = store_names_intern(names, STORE_FAMILY_SCALE, STR("nps")),
        .score = store_value_int(9),
        .text = STR("words"),
        .message_id = STR("m"),
        .properties = properties,
        .property_count = ARRAY_LEN(properties),
        .traits = traits,
        .trait_count = ARRAY_LEN(traits),
    };
    struct store_edge edge = {.child = 1, .parent = 2, .at_ms = -3, .height = 4};
    struct store_ledger_count count = {6, 3, 2, 1, 0, STORE_NO_TIME};
    struct store_frame_quarantine quarantine = {
        .id = 17,
        .source = row.source,
        .reason = STR("why"),
        .received_at_ms = 8,
        .raw_bytes = 99,
        .raw = STR("raw"),
        .hash = {1, 2},
    };
    store_frame_identifier(writer, 3, (struct store_identifier){STR("ext.crm"), STR("9")}, true);
    store_frame_join(writer, &edge);
    store_frame_rowless(writer, 5);
    store_frame_event(writer, &row, &(struct base_hash128){21, 22}, true);
    assert_true(store_frame_quarantine(writer, &quarantine) > 0);
    store_frame_ledger(writer, row.source, &count);
    store_frame_customers(writer, 11);
    store_frame_closed(writer);
}

static void check_event(const struct store_frame_record *record, const struct store_names *names)
{
    const struct store_row *row = &record->event.row;
    assert_int_equal(record->tag, STORE_FRAME_EVENT);
    assert_true(record->event.import && record->event.has_key);
    assert_true(record->event.key.low == 21 && record->event.key.high == 22);
    assert_int_equal(row->original, 7);
    assert_true(row->ts_ms == INT64_MAX && row->received_at_ms == INT64_MIN + 1);
    assert_true(row->client_ts_ms == -5 && row->sent_at_ms == 5);
    assert_true(str_is(store_names_get(names, STORE_FAMILY_EVENT, row->event), "Buy"));
    assert_true(str_is(store_names_get(names, STORE_FAMILY_SCALE, row->scale), "nps"));
    assert_int_equal(row->score.i, 9);
    assert_true(str_is(row->text, "words") && str_is(row->message_id, "m"));
    assert_int_equal(row->property_count, 6);
    assert_int_equal(row->trait_count, 1);
    assert_true(row->properties[0].value.b);
    assert_true(row->properties[1].value.i == INT64_MIN);
    assert_true(row->properties[2].value.u == UINT64_MAX);
    assert_true(row->properties[3].value.d == 0.5);
    assert_int_equal(row->properties[4].value.len, 3);
    assert_int_equal(row->properties[5].value.len, 0);
    assert_int_equal(row->properties[4].name, row->properties[5].name);
    assert_int_equal(row->traits[0].value.kind, STORE_NULL);
}

static void every_record_comes_back(void **state)
{
    (void)state;
    struct store_names *names = store_names_new();
    struct store_names *others = store_names_new(); /* codes may differ where it is read */
    store_names_intern(others, STORE_FAMILY_EVENT, STR("something else"));
    struct store_frame_writer writer;
    struct store_frame_reader reader;
    struct store_frame_record record;
    struct fail fail;
    store_frame_writer_init(&writer, names, 0);
    for (int round = 0; round < 2; round++) { /* a frame says all its names itself */
        store_frame_reset(&writer);
        write_all(&writer, names);
        assert_true(store_frame_ok(&writer, &fail));
        store_frame_reader_init(&reader, others, base_buf_view(&writer.bytes));
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_IDENTIFIER);
        assert_true(record.identifier.member && record.identifier.number == 3);
        assert_true(str_is(record.identifier.id.kind, "ext.crm"));
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_JOIN);
        assert_true(record.edge.child == 1 && record.edge.parent == 2 && record.edge.at_ms == -3);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_ROWLESS);
        assert_int_equal(record.number, 5);
        assert_true(store_frame_next(&reader, &record, &fail));
        check_event(&record, others);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_QUARANTINE);
        assert_true(str_is(record.quarantine.row.raw, "raw"));
        assert_int_equal(record.quarantine.row.raw_bytes, 99);
        assert_null(record.quarantine.row.field.data);
        assert_memory_equal(writer.bytes.data + record.quarantine.raw_at, "raw", 3);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_LEDGER);
        assert_int_equal(record.ledger.count.received, 6);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.customers, 11);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_CLOSED);
        assert_true(store_frame_next(&reader, &record, &fail));
        assert_int_equal(record.tag, STORE_FRAME_END);
        store_frame_reader_done(&reader);
    }
    store_frame_writer_done(&writer);
    store_names_free(names);
    store_names_free(others);
}

/* A checksum keeps such payloads away; should one pass, it is refused or read, never trusted. */
static void a_mangled_payload_is_refused_or_read(void **state)
{
    (void)state;
    struct store_names *names = store_names_new();
    struct store_frame_writer writer;
    struct fail fail;
    struct base_random_seeded random;
    base_random_seed(&random, 11);
    store_frame_writer_init(&writer, names, 0);
    write_all(&writer, names);
    size_t len = writer.bytes.len;
    size_t refused = 0;
    for (int round = 0; round < 4000; round++) {
        struct arena *arena = arena_new(NULL);
        size_t cut_len = base_random_below(&random.random, len + 1);
        char *copy = arena_alloc(arena, cut_len, &fail); /* of the very length, for sanitizers */
        memcpy(copy, writer.bytes.data, cut_len);
        for (uint64_t i = base_random_below(&random.random, 4); cut_len > 0 && i > 0; i--) {
            copy[base_random_below(&random.random, cut_len)] =
                (char)base_random_below(&random.random, 256);
        }
        struct store_frame_reader reader;
        struct store_frame_record record = {.tag = STORE_FRAME_NAME};
        bool ok = true;
        store_frame_reader_init(&reader, names, str_of(copy, cut_len));
        while (ok && record.tag != STORE_FRAME_END) {
            ok = store_frame_next(&reader, &record, &fail);
        }
        refused += !ok;
        assert_true(ok || fail.code == FAIL_CORRUPT);
        store_frame_reader_done(&reader);
        arena_free(arena);
    }
    assert_true(refused > 1000);
    store_frame_writer_done(&writer);
    store_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_back_in_order),
        cmocka_unit_test(a_tail_torn_anywhere_is_cut_and_written_over),
        cmocka_unit_test(zeros_behind_the_last_frame_are_a_torn_tail),
        cmocka_unit_test(a_flipped_bit_is_never_overlooked),
        cmocka_unit_test(damage_of_what_only_says_that_it_was_closed_is_told_and_loses_nothing),
        cmocka_unit_test(a_page_of_zeros_over_the_last_commits_of_a_closed_journal_is_damage),
        cmocka_unit_test(what_was_written_after_a_closing_keeps_it_from_being_cut_off),
        cmocka_unit_test(frames_of_another_file_do_not_pass),
        cmocka_unit_test(a_header_that_was_never_written_whole_is_told_from_damage),
        cmocka_unit_test(a_failed_write_without_room_can_be_tried_again),
        cmocka_unit_test(a_failed_sync_or_broken_disk_is_final),
        cmocka_unit_test(what_the_reader_refuses_names_the_place),
        cmocka_unit_test(every_record_comes_back),
        cmocka_unit_test(a_mangled_payload_is_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
