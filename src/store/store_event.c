#include "store_event.h"

bool store_event_is_bookkeeping(struct str event)
{
    static const char *const seven[] = {
        "contacted",          "case opened", "case closed", "survey shown",
        "experiment exposed", "identify",    "alias",
    };
    for (size_t i = 0; i < ARRAY_LEN(seven); i++) {
        if (str_is(event, seven[i])) {
            return true;
        }
    }
    return false;
}
