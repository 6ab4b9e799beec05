#include "act_words.h"

static const char *const ENGLISH[ACT_WORDS] = {
    [ACT_WORD_LANGUAGE] = "en",
    [ACT_WORD_TITLE] = "You and {0}",
    [ACT_WORD_INTRO] =
        "What {0} knows about you, what we may contact you about, and how you change it.",
    [ACT_WORD_LINK_UNTIL] =
        ("This page is yours: whoever has its address can see it and change things. "
         "Do not pass it on. The address works until {0}. Times are those of {1}."),
    [ACT_WORD_SKIP_TO_MAIN] = "To the contents",
    [ACT_WORD_ORGANISATION_OTHERWISE] = "this organisation",
    [ACT_WORD_CONTACT_HEAD] = "Being contacted",
    [ACT_WORD_CONTACT_OPEN] = "You have not stopped us from contacting you.",
    [ACT_WORD_MUTED_EVER] = "You stopped all contact. We do not contact you.",
    [ACT_WORD_MUTED_UNTIL] =
        "You stopped all contact until {0}. We do not contact you before then.",
    [ACT_WORD_PURPOSE_OPEN] = "We may contact you about this.",
    [ACT_WORD_PURPOSE_AGREED] = "You agreed to this on {0}.",
    [ACT_WORD_PURPOSE_AGREED_UNTIL] = "You agreed to this on {0}; it ends on {1}.",
    [ACT_WORD_PURPOSE_NOT_AGREED] =
        "You have not agreed to this, so we do not contact you about it.",
    [ACT_WORD_PURPOSE_MUTED] = "You stopped this. We do not contact you about it.",
    [ACT_WORD_PURPOSE_MUTED_UNTIL] = "You stopped this until {0}.",
    [ACT_WORD_WHY_IT_MAY] = "Why we may without asking first: {0}",
    [ACT_WORD_WORDING] = "What you agree to: “{0}”",
    [ACT_WORD_MUTE_ALL_LABEL] = "Stop all contact",
    [ACT_WORD_MUTE_LABEL] = "Stop contact about “{0}”",
    [ACT_WORD_FOR_30] = "for 30 days",
    [ACT_WORD_FOR_90] = "for 90 days",
    [ACT_WORD_FOR_365] = "for a year",
    [ACT_WORD_FOR_EVER] = "for good",
    [ACT_WORD_MUTE_ALL_BUTTON] = "Stop all contact",
    [ACT_WORD_MUTE_BUTTON] = "Stop this",
    [ACT_WORD_UNMUTE_ALL_BUTTON] = "Allow contact again",
    [ACT_WORD_UNMUTE_BUTTON] = "Allow this again",
    [ACT_WORD_AGREE_BUTTON] = "I agree",
    [ACT_WORD_CONTACTS_HEAD] = "When we contacted you, and why",
    [ACT_WORD_CONTACTS_NONE] = "We have not contacted you.",
    [ACT_WORD_CONTACTS_MORE] = "The newest {0} of {1}. All of them are in the copy below.",
    [ACT_WORD_CONTACT_LINE] = "About “{0}”.",
    [ACT_WORD_CONTACT_LINE_CHANNEL] = "About “{0}”, by {1}.",
    [ACT_WORD_BECAUSE_AGREED] = "Because you agreed on {0}.",
    [ACT_WORD_BECAUSE] = "Because: {0}",
    [ACT_WORD_TRAITS_HEAD] = "What we know about you",
    [ACT_WORD_TRAITS_NONE] = "No facts about you are kept.",
    [ACT_WORD_TRAITS_INTRO] = "These facts are kept under the names that our systems give them.",
    [ACT_WORD_CORRECT_HEAD] = "Correct it",
    [ACT_WORD_CORRECT_INTRO] = "Change what is wrong. An empty field removes the fact.",
    [ACT_WORD_CORRECT_BUTTON] = "Save corrections",
    [ACT_WORD_IDENTIFIERS_HEAD] = "How we recognise you",
    [ACT_WORD_SAID_HEAD] = "What you told us",
    [ACT_WORD_SAID_NONE] = "You have not told us anything.",
    [ACT_WORD_SAID_MORE] = "The newest {0} of {1}. All of it is in the copy below.",
    [ACT_WORD_SCORE] = "Your answer: {0} on the scale “{1}”.",
    [ACT_WORD_TIMELINE_HEAD] = "What happened, newest first",
    [ACT_WORD_TIMELINE_NONE] = "Nothing is recorded here.",
    [ACT_WORD_TIMELINE_OLDER] = "Older",
    [ACT_WORD_TIMELINE_NEWEST] = "Back to the newest",
    [ACT_WORD_DETAILS] = "Details",
    [ACT_WORD_EVENT_CONTACTED] = "We contacted you about “{0}”.",
    [ACT_WORD_EVENT_SKIPPED] = "We did not contact you about “{0}” ({1}).",
    [ACT_WORD_EVENT_GRANTED] = "You agreed to contact about “{0}”.",
    [ACT_WORD_EVENT_WITHDRAWN] = "You stopped contact about “{0}”.",
    [ACT_WORD_EVENT_IDENTIFY] = "Facts about you were updated.",
    [ACT_WORD_EVENT_SHOWN] = "You were shown questions.",
    [ACT_WORD_EVENT_FEEDBACK] = "You told us something.",
    [ACT_WORD_ALL_PURPOSES] = "everything",
    [ACT_WORD_EXPORT_HEAD] = "Take a copy",
    [ACT_WORD_EXPORT_INTRO] =
        "All of it in one file: a page to read, and the same data for programs.",
    [ACT_WORD_EXPORT_LINK] = "Download everything about you (ZIP)",
    [ACT_WORD_ERASE_HEAD] = "Have it erased",
    [ACT_WORD_ERASE_INTRO] =
        ("Ask us to erase everything about you. At once: we stop all contact. Within 30 days: a "
         "person "
         "here sees to it that the data about you is erased, and closes your request. "
         "Until then the data stays, and this page shows how far it is. "
         "What is erased cannot be brought back; take your copy first."),
    [ACT_WORD_ERASE_CONFIRM] = "Yes, erase everything about me",
    [ACT_WORD_ERASE_BUTTON] = "Ask to be erased",
    [ACT_WORD_ERASE_ASKED] =
        "You asked for this on {0}. All contact has stopped. It is to be done by {1}.",
    [ACT_WORD_ERASE_OVERDUE] = ("You asked for this on {0}. It was to be done by {1} and is late. "
                                "Write to {2} and refer to this page."),
    [ACT_WORD_ERASE_CLOSED] = "You asked for this on {0}. It was closed on {1}.",
    [ACT_WORD_DONE_MUTED] = "Done: we stop contacting you as you chose.",
    [ACT_WORD_DONE_UNMUTED] = "Done: contact is allowed again.",
    [ACT_WORD_DONE_AGREED] =
        "Done: your consent is recorded. You can take it back here at any time.",
    [ACT_WORD_DONE_CORRECTED] = "Done: your corrections are saved.",
    [ACT_WORD_DONE_ERASE] = "Done: your request is recorded, and all contact has stopped.",
    [ACT_WORD_ERROR_HEAD] = "This was not done",
    [ACT_WORD_WRONG_PURPOSE] = "What this is about is not on the page any more. Open it anew.",
    [ACT_WORD_WRONG_SPAN] = "Choose for how long: 30 days, 90 days, a year, or for good.",
    [ACT_WORD_WRONG_TWICE] = "A field was sent twice. Open the page anew.",
    [ACT_WORD_WRONG_CORRECTION] = "A correction is one line, and not longer than a long sentence.",
    [ACT_WORD_WRONG_ZONE] = "A time zone is written like Europe/Oslo.",
    [ACT_WORD_WRONG_FACT] = "This fact cannot be corrected here. Write to us.",
    [ACT_WORD_WRONG_NOTHING] = "There is nothing to correct in what was sent.",
    [ACT_WORD_WRONG_UNREADABLE] = "What was sent could not be read. Open the page anew.",
    [ACT_WORD_WRONG_FORM] = "What was sent is not one of the page's forms.",
    [ACT_WORD_WRONG_UNSURE] = "Tick the box to say that you are sure.",
    [ACT_WORD_LINK_TITLE] = "This link does not open",
    [ACT_WORD_LINK_TEXT] =
        ("It may have ended, or a part of it is missing. Take the link from our newest "
         "message, or write to us and ask for a new one. Nothing was changed."),
    [ACT_WORD_README] =
        ("What {0} knows about you, as of {1}\n"
         "\n"
         "about-you.html    to read: open it in a browser, no connection is needed\n"
         "about-you.json    facts about you, and how you are recognised\n"
         "surveys.json      answers of yours that are under way\n"
         "contacts.json     links to surveys that were made for you, wishes to be erased\n"
         "timeline.ndjson   everything that happened, oldest first: one JSON object on each line\n"
         "\n"
         "Times in the files for programs are UTC. Text that you wrote is there exactly as it "
         "came.\n"),
    [ACT_WORD_COPY_TITLE] = "What {0} knows about you",
    [ACT_WORD_COPY_INTRO] = "As of {0}. Times are those of {1}.",
    [ACT_WORD_COPY_TIMELINE_HEAD] = "What happened, oldest first",
};

static const char *const MONTHS[12] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};

const char *act_word(enum act_word word)
{
    return ENGLISH[word];
}

const char *act_word_month(int month)
{
    return MONTHS[month - 1];
}
