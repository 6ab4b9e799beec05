/* The payload of a journal frame of arbitrary bytes: read to its end, or refused as corrupt. What is read is written
   again and must read the same. */
#include <stdlib.h>

#include "store_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void write_again(struct store_frame_writer *writer, const struct store_frame_record *record)
{
    switch (record->tag) {
    case STORE_FRAME_IDENTIFIER:
        store_frame_identifier(writer, record->identifier.number, record->identifier.id,
                               record->identifier.member);
        break;
    case STORE_FRAME_JOIN:
        store_frame_join(writer, &record->edge);
        break;
    case STORE_FRAME_ROWLESS:
        store_frame_rowless(writer, record->number);
        break;
    case STORE_FRAME_EVENT:
        store_frame_event(writer, &record->event.row,
                          record->event.has_key ? &record->event.key : NULL, record->event.import);
        break;
    case STORE_FRAME_QUARANTINE:
        (void)store_frame_quarantine(writer, &record->quarantine.row);
        break;
    case STORE_FRAME_LEDGER:
        store_frame_ledger(writer, record->ledger.source, &record->ledger.count);
        break;
    case STORE_FRAME_CUSTOMERS:
        store_frame_customers(writer, record->customers);
        break;
    case STORE_FRAME_CLOSED:
        store_frame_closed(writer);
        break;
    case STORE_FRAME_IMPORT:
        store_frame_import(writer, record->import.number);
        break;
    case STORE_FRAME_IMPORT_CHANGE:
        store_frame_import_change(writer, &record->import);
        break;
    case STORE_FRAME_MENDED:
        store_frame_mended(writer, &record->mended);
        break;
    case STORE_FRAME_END:
    case STORE_FRAME_NAME:
        break;
    }
}

/* Reads all; writes what was read. False: refused. */
static bool copy(struct store_names *names, struct str payload, struct store_frame_writer *writer)
{
    struct store_frame_reader reader;
    struct store_frame_record record = {.tag = STORE_FRAME_NAME};
    struct fail fail;
    bool ok = true;
    store_frame_reader_init(&reader, names, payload);
    while (ok && record.tag != STORE_FRAME_END) {
        ok = store_frame_next(&reader, &record, &fail);
        must(ok || fail.code == FAIL_CORRUPT);
        if (ok) {
            write_again(writer, &record);
        }
    }
    store_frame_reader_done(&reader);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_names *names = store_names_new();
    struct store_frame_writer first;
    struct store_frame_writer second;
    struct fail fail;
    store_frame_writer_init(&first, names, 0);
    store_frame_writer_init(&second, names, 0);
    if (copy(names, str_of((const char *)data, size), &first)) {
        must(store_frame_ok(&first, &fail));
        must(copy(names, base_buf_view(&first.bytes), &second));
        must(str_equal(base_buf_view(&first.bytes), base_buf_view(&second.bytes)));
    }
    store_frame_writer_done(&first);
    store_frame_writer_done(&second);
    store_names_free(names);
    return 0;
}
