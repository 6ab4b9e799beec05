/* store_narrow_rows.c — labels of rows and which are kept: the portable way, and the choice. */
#include "store_narrow_rows.h"

#include "base_cpu.h"

uint32_t store_label_rows_portable(const uint8_t *table, const uint8_t *codes, size_t count,
                                   uint8_t *labels)
{
    uint32_t labelled = 0;
    for (size_t i = 0; i < count; i++) {
        labels[i] = table[codes[i]];
        labelled += labels[i] != 0;
    }
    return labelled;
}

uint32_t store_keep_rows_portable(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                                  struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                                  uint64_t *out_words)
{
    uint32_t kept = 0;
    for (size_t first = 0; first < count; first += STORE_WORD_ROWS) {
        size_t end = count - first < STORE_WORD_ROWS ? count : first + STORE_WORD_ROWS;
        uint64_t word = 0;
        for (size_t i = first; i < end; i++) {
            bool keep = (int)(labels[i] != 0) & (int)(ts_ms[i] >= times.from_ms) &
                        (int)(ts_ms[i] <= times.last_ms);
            out_labels[kept] = labels[i];
            out_ts[kept] = ts_ms[i];
            kept += keep;
            word |= (uint64_t)keep << (i - first);
        }
        out_words[first / STORE_WORD_ROWS] = word;
    }
    return kept;
}

uint32_t store_keep_slots_portable(const uint8_t *labels, const int32_t *slots, size_t count,
                                   struct store_slots within, uint8_t *out_labels,
                                   int32_t *out_slots, uint64_t *out_words)
{
    uint32_t kept = 0;
    for (size_t first = 0; first < count; first += STORE_WORD_ROWS) {
        size_t end = count - first < STORE_WORD_ROWS ? count : first + STORE_WORD_ROWS;
        uint64_t word = 0;
        for (size_t i = first; i < end; i++) {
            bool keep = (int)(labels[i] != 0) & (int)(slots[i] >= within.from) &
                        (int)(slots[i] <= within.last);
            out_labels[kept] = labels[i];
            out_slots[kept] = slots[i];
            kept += keep;
            word |= (uint64_t)keep << (i - first);
        }
        out_words[first / STORE_WORD_ROWS] = word;
    }
    return kept;
}

uint32_t store_keep_places_portable(uint32_t *rows, int32_t *slots, uint32_t count,
                                    struct store_slots within)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool keep = (int)(slots[i] >= within.from) & (int)(slots[i] <= within.last);
        rows[kept] = rows[i];
        slots[kept] = slots[i];
        kept += keep;
    }
    return kept;
}

uint32_t store_label_rows(const uint8_t *table, size_t table_count, const uint8_t *codes,
                          size_t count, uint8_t *labels)
{
    if (table_count > STORE_LABELS_TABLE) {
        return store_label_rows_portable(table, codes, count, labels);
    }
    return BASE_CPU_CALL(store_label_rows, (table, table_count, codes, count, labels),
                         store_label_rows_portable(table, codes, count, labels));
}

uint32_t store_keep_rows(const uint8_t *labels, const int64_t *ts_ms, size_t count,
                         struct store_times times, uint8_t *out_labels, int64_t *out_ts,
                         uint64_t *out_words)
{
    return BASE_CPU_CALL(
        store_keep_rows, (labels, ts_ms, count, times, out_labels, out_ts, out_words),
        store_keep_rows_portable(labels, ts_ms, count, times, out_labels, out_ts, out_words));
}

uint32_t store_keep_slots(const uint8_t *labels, const int32_t *slots, size_t count,
                          struct store_slots within, uint8_t *out_labels, int32_t *out_slots,
                          uint64_t *out_words)
{
    return BASE_CPU_CALL(
        store_keep_slots, (labels, slots, count, within, out_labels, out_slots, out_words),
        store_keep_slots_portable(labels, slots, count, within, out_labels, out_slots, out_words));
}

uint32_t store_keep_places(uint32_t *rows, int32_t *slots, uint32_t count,
                           struct store_slots within)
{
    return BASE_CPU_CALL(store_keep_places, (rows, slots, count, within),
                         store_keep_places_portable(rows, slots, count, within));
}
