/* Columns that are named by properties and traits, and where a text stands among the texts of instants. */
#include <strings.h>

#include "base_time.h"
#include "sql_table.h"

enum sql_table sql_table_find(const char *name)
{
    for (int t = 0; t < SQL_TABLES; t++) {
        if (strcasecmp(name, sql_schema[t].described->name) == 0) {
            return (enum sql_table)t;
        }
    }
    return SQL_TABLES;
}

const struct str *sql_names_of(const struct sql_tables *all, enum sql_table table,
                               size_t *out_count)
{
    const struct sql_open *open = &all->door->open;
    bool customers = table == SQL_CUSTOMERS;
    size_t count = customers ? open->trait_count : open->property_count;
    *out_count = count < SQL_NAMES_MAX ? count : SQL_NAMES_MAX;
    return customers ? open->traits : open->properties;
}

/* SQLite does not tell columns apart that differ in ASCII case only: the more frequent one bears the name. */
static bool same_name(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static uint32_t fold_hash(struct str name)
{
    uint32_t hash = 2166136261U; /* FNV-1a over folded letters */
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20U : c)) * 16777619U;
    }
    return hash;
}

#define SLOTS 4096 /* over twice SQL_NAMES_MAX */

void sql_names_declare(struct base_buf *sql, const char *prefix, const struct str *names,
                       size_t count)
{
    static uint16_t slots[SLOTS]; /* places, from 1 */
    memset(slots, 0, sizeof slots);
    for (size_t i = 0; i < count; i++) {
        uint32_t at = fold_hash(names[i]) % SLOTS;
        while (slots[at] != 0 && !same_name(names[slots[at] - 1], names[i])) {
            at = (at + 1) % SLOTS;
        }
        bool taken = slots[at] != 0;
        base_buf_printf(sql, ", \"%s%s", prefix, taken ? "" : ".");
        if (taken) {
            base_buf_printf(sql, " %zu", i); /* a name that none can bear */
        } else {
            slots[at] = (uint16_t)(i + 1);
            for (size_t c = 0; c < names[i].len; c++) {
                base_buf_byte(sql, names[i].data[c]);
                if (names[i].data[c] == '"') {
                    base_buf_byte(sql, '"');
                }
            }
        }
        base_buf_c(sql, "\" HIDDEN");
    }
}

static struct str name_of_column(enum sql_table table, const char *column)
{
    struct str prefix = str_from_c(sql_schema[table].described->named);
    struct str text = str_from_c(column);
    if (text.len <= prefix.len + 1 || strncasecmp(column, prefix.data, prefix.len) != 0 ||
        column[prefix.len] != '.') {
        return (struct str){NULL, 0};
    }
    return str_after(text, prefix.len + 1);
}

void sql_tables_note(struct sql_tables *tables, const char *table, const char *column)
{
    enum sql_table which = sql_table_find(table);
    struct str name = which == SQL_TABLES ? (struct str){NULL, 0} : name_of_column(which, column);
    size_t count = 0;
    const struct str *names = name.data == NULL ? NULL : sql_names_of(tables, which, &count);
    for (size_t i = 0; i < count; i++) {
        if (same_name(names[i], name)) {
            tables->named[which].used[i] = true;
            return; /* the first: it is the one that was declared */
        }
    }
}

int64_t sql_instant_bound(struct str text, bool behind)
{
    static const struct civil first = {.year = 1, .month = 1, .day = 1};
    static const struct civil last = {.year = 10000, .month = 1, .day = 1};
    const int64_t least = time_ms_from_civil(&first), end = time_ms_from_civil(&last);
    int64_t low = least, high = end;
    /* Texts of instants are in the order of the instants: any text at all stands somewhere among them. */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        char shown[TIME_RFC3339_BYTES];
        struct str at = str_of(shown, time_format_rfc3339(middle, shown));
        int order = str_compare(at, text);
        if (order < 0 || (order == 0 && behind)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == least ? INT64_MIN : low == end ? INT64_MAX : low;
}
