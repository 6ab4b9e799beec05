/* Large files in pieces: the first line of an input is the map, what follows the file. It is read by columns and record by
 * record, and neither may know more than the other. */
#include "../../unit/intake/piece_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000)};
    struct str all = str_of((const char *)data, size);
    size_t line = str_find_byte(all, '\n');
    struct str map = str_of(all.data, line), text = str_after(all, line + 1), again = text;
    const struct intake_import_options options[2] = {
        {.reader = intake_reader_of(&text),
         .format = INTAKE_FORMAT_CSV,
         .map = map,
         .source = &source},
        {.reader = intake_reader_of(&again),
         .format = INTAKE_FORMAT_CSV,
         .map = map,
         .source = &source},
    };
    uint64_t pieces, rows;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    (void)piece_same(options, arena, &pieces, &rows);
    return 0;
}
