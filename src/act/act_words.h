/* act_words.h — every string that customers read on their own page, in one table.
 *
 * What: a word is a sentence with places {0}, {1}, ... for data. A further language is a further column.
 * Owner: static.   Threads: immutable.   Failure: none.   Limits/cost: an index.   Units: none.
 * Example: act_html_say(out, ACT_WORD_MUTED_UNTIL, (struct str[]){date}, 1);
 * Not here: how data is made safe (act_html.h).
 */
#pragma once

enum act_word {
    ACT_WORD_LANGUAGE,
    ACT_WORD_TITLE,
    ACT_WORD_INTRO,
    ACT_WORD_LINK_UNTIL,
    ACT_WORD_SKIP_TO_MAIN,
    ACT_WORD_ORGANISATION_OTHERWISE,
    /* contact */
    ACT_WORD_CONTACT_HEAD,
    ACT_WORD_CONTACT_OPEN,
    ACT_WORD_MUTED_EVER,
    ACT_WORD_MUTED_UNTIL,
    ACT_WORD_PURPOSE_OPEN,
    ACT_WORD_PURPOSE_AGREED,
    ACT_WORD_PURPOSE_AGREED_UNTIL,
    ACT_WORD_PURPOSE_NOT_AGREED,
    ACT_WORD_PURPOSE_MUTED,
    ACT_WORD_PURPOSE_MUTED_UNTIL,
    ACT_WORD_WHY_IT_MAY,
    ACT_WORD_WORDING,
    ACT_WORD_MUTE_ALL_LABEL,
    ACT_WORD_MUTE_LABEL,
    ACT_WORD_FOR_30,
    ACT_WORD_FOR_90,
    ACT_WORD_FOR_365,
    ACT_WORD_FOR_EVER,
    ACT_WORD_MUTE_ALL_BUTTON,
    ACT_WORD_MUTE_BUTTON,
    ACT_WORD_UNMUTE_ALL_BUTTON,
    ACT_WORD_UNMUTE_BUTTON,
    ACT_WORD_AGREE_BUTTON,
    /* contacts made */
    ACT_WORD_CONTACTS_HEAD,
    ACT_WORD_CONTACTS_NONE,
    ACT_WORD_CONTACTS_MORE,
    ACT_WORD_CONTACT_LINE,
    ACT_WORD_CONTACT_LINE_CHANNEL,
    ACT_WORD_BECAUSE_AGREED,
    ACT_WORD_BECAUSE,
    /* what is known */
    ACT_WORD_TRAITS_HEAD,
    ACT_WORD_TRAITS_NONE,
    ACT_WORD_TRAITS_INTRO,
    ACT_WORD_CORRECT_HEAD,
    ACT_WORD_CORRECT_INTRO,
    ACT_WORD_CORRECT_BUTTON,
    ACT_WORD_IDENTIFIERS_HEAD,
    ACT_WORD_SAID_HEAD,
    ACT_WORD_SAID_NONE,
    ACT_WORD_SAID_MORE,
    ACT_WORD_SCORE,
    ACT_WORD_TIMELINE_HEAD,
    ACT_WORD_TIMELINE_NONE,
    ACT_WORD_TIMELINE_OLDER,
    ACT_WORD_TIMELINE_NEWEST,
    ACT_WORD_DETAILS,
    /* events in plain words */
    ACT_WORD_EVENT_CONTACTED,
    ACT_WORD_EVENT_SKIPPED,
    ACT_WORD_EVENT_GRANTED,
    ACT_WORD_EVENT_WITHDRAWN,
    ACT_WORD_EVENT_IDENTIFY,
    ACT_WORD_EVENT_SHOWN,
    ACT_WORD_EVENT_FEEDBACK,
    ACT_WORD_ALL_PURPOSES,
    /* a copy, erasing */
    ACT_WORD_EXPORT_HEAD,
    ACT_WORD_EXPORT_INTRO,
    ACT_WORD_EXPORT_LINK,
    ACT_WORD_ERASE_HEAD,
    ACT_WORD_ERASE_INTRO,
    ACT_WORD_ERASE_CONFIRM,
    ACT_WORD_ERASE_BUTTON,
    ACT_WORD_ERASE_ASKED,
    ACT_WORD_ERASE_OVERDUE,
    ACT_WORD_ERASE_CLOSED,
    /* after doing something */
    ACT_WORD_DONE_MUTED,
    ACT_WORD_DONE_UNMUTED,
    ACT_WORD_DONE_AGREED,
    ACT_WORD_DONE_CORRECTED,
    ACT_WORD_DONE_ERASE,
    ACT_WORD_ERROR_HEAD,
    /* a link that does not open */
    ACT_WORD_LINK_TITLE,
    ACT_WORD_LINK_TEXT,
    /* the download */
    ACT_WORD_README,
    ACT_WORD_COPY_TITLE,
    ACT_WORD_COPY_INTRO,
    ACT_WORD_COPY_TIMELINE_HEAD,
    ACT_WORDS,
};
const char *act_word(enum act_word word);
/* "1 May 2026": the month's name, from 1. */
const char *act_word_month(int month);
