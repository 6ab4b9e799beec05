/* ask_words.h — what the hosted page itself says: buttons, hints, errors, in several languages.
 *
 * What: one table; a survey in a language that is not in it has English buttons.
 * Owner: static.   Threads: immutable.   Failure: none.   Limits/cost: none.   Units: none.
 * Example: ask_word(STR("nb-NO"), ASK_WORD_NEXT)
 * Not here: what the organisation writes (ask_survey.h).
 */
#pragma once

#include "base_str.h"

enum ask_word {
    ASK_WORD_NEXT,
    ASK_WORD_BACK,
    ASK_WORD_SEND,
    ASK_WORD_CONFIRM,
    ASK_WORD_THANKS,
    ASK_WORD_CLOSED,
    ASK_WORD_ENDED,
    ASK_WORD_ABSENT,
    ASK_WORD_REQUIRED,
    ASK_WORD_WRONG,
    ASK_WORD_RANK,
    ASK_WORD_MEND,
    ASK_WORD_OPTIONAL,
    ASK_WORD_PROGRESS, /* "Question %u of %u" with {1} and {2} */
    ASK_WORD_LANGUAGE,
    ASK_WORD_YES,
    ASK_WORD_NO,
    ASK_WORD_PLACE,
    ASK_WORD_CHANGE,
    ASK_WORD_LEAVE, /* the label of the field that people do not see */
    ASK_WORD_CLOSED_MORE,
    ASK_WORD_ENDED_MORE,
    ASK_WORD_ABSENT_MORE,
    ASK_WORDS,
};
struct str ask_word(struct str language, enum ask_word word);
/* A language's own name; the tag itself where we do not know it. */
struct str ask_language_name(struct str tag);
