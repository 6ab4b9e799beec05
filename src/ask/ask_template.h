/* ask_template.h — surveys to begin from, each valid and clean under the checks.
 *
 * What: the definitions of src/ask/templates, inside the program.   Owner: static.   Threads: immutable.
 * Failure: none.   Limits/cost: none.   Units: none.
 * Example: const struct ask_template *nps = ask_template_find(STR("nps"));
 * Not here: what a definition means (ask_survey.h).
 */
#pragma once

#include "base_str.h"

struct ask_template {
    const char *name, *summary;
    const char *survey; /* JSON */
};
extern const struct ask_template ask_templates[];
extern const size_t ask_template_count;
const struct ask_template *ask_template_find(struct str name); /* NULL where there is none */
