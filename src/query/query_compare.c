#include "query_compare.h"

static void write_partial(const struct query_plan *plan, const struct query_part *part,
                          struct json_writer *w)
{
    if (part->partial != NULL) {
        part->partial(plan, w);
        return;
    }
    json_name_c(w, "partial");
    json_begin_array(w);
    json_end_array(w);
}

void query_part_range(struct json_writer *w, const struct query_plan *previous)
{
    json_name_c(w, "range");
    json_begin_object(w);
    json_name_c(w, "from");
    json_write_instant(w, previous->range.from_ms);
    json_name_c(w, "to");
    json_write_instant(w, previous->range.to_ms);
    json_end_object(w);
}

bool query_part_write(struct query_exec *exec, const struct query_part *part, struct json_writer *w,
                      struct fail *fail)
{
    const struct query_plan *asked = exec->plan;
    const void *shown = NULL, *ignored = NULL;
    if (!part->write(exec, NULL, &shown, w, fail)) {
        return false;
    }
    if (asked->previous != NULL) {
        json_name_c(w, "previous");
        json_begin_object(w);
        exec->plan = asked->previous;
        bool ok = part->write(exec, shown, &ignored, w, fail);
        exec->plan = asked;
        if (!ok) {
            return false;
        }
        write_partial(asked->previous, part, w);
        query_part_range(w, asked->previous);
        json_end_object(w);
    }
    write_partial(asked, part, w);
    return true;
}
