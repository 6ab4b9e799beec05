/* store_json.h — values and fields as JSON, the same wherever an event is shown.
 *
 * What: a value becomes a scalar; the fields of an event become one object, in which several values of a name are
 *   an array.   Owner: the writer's buffer.   Threads: safe.
 * Failure: kept in the buffer (base_buf_ok).   Limits/cost: quadratic in the fields of one event, of which there are at
 *   most STORE_FIELDS_MAX.   Units: none.   Example: store_json_fields(&w, event->properties, event->property_count, false)
 * Not here: reading JSON (intake).
 */
#pragma once

#include "base_json_write.h"
#include "store_event.h"

void store_json_value(struct json_writer *w, struct store_value value);
/* `removals`: STORE_NULL is shown, as null; else it is left out. */
void store_json_fields(struct json_writer *w, const struct store_field *fields, size_t count,
                       bool removals);
