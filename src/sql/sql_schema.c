#include "sql_schema.h"

static const struct sql_described_column event_words[] = {
    {"customer", "TEXT", "the customer's id"},
    {"event", "TEXT", "its name"},
    {"ts", "TEXT", "when it happened: RFC 3339, UTC, with milliseconds"},
    {"ts_ms", "INTEGER", "the same as milliseconds since 1970"},
    {"received_at", "TEXT", "when it was accepted here"},
    {"id", "INTEGER", "its place in the order of arrival: ORDER BY ts, id is a timeline"},
    {"own", "INTEGER", "1: the customer's own; 0: the organisation's or bookkeeping"},
    {"channel", "TEXT", "where"},
    {"source", "TEXT", "what sent it"},
    {"message_id", "TEXT", "the sender's id"},
    {"text", "TEXT", "the customer's own words"},
    {"score", "NUMERIC", "an answer on a scale"},
    {"scale", "TEXT", "which: nps, csat, ces, stars"},
    {"properties", "TEXT", "all properties, as a JSON object"},
};
static const struct sql_column event_columns[] = {
    {SQL_FIELD_CUSTOMER, SQL_FORM_PLAIN},      {SQL_FIELD_EVENT, SQL_FORM_PLAIN},
    {SQL_FIELD_TS, SQL_FORM_INSTANT},          {SQL_FIELD_TS, SQL_FORM_PLAIN},
    {SQL_FIELD_RECEIVED_AT, SQL_FORM_INSTANT}, {SQL_FIELD_ID, SQL_FORM_PLAIN},
    {SQL_FIELD_EVENT, SQL_FORM_OWN},           {SQL_FIELD_CHANNEL, SQL_FORM_PLAIN},
    {SQL_FIELD_SOURCE, SQL_FORM_PLAIN},        {SQL_FIELD_MESSAGE_ID, SQL_FORM_PLAIN},
    {SQL_FIELD_TEXT, SQL_FORM_PLAIN},          {SQL_FIELD_SCORE, SQL_FORM_PLAIN},
    {SQL_FIELD_SCALE, SQL_FORM_PLAIN},         {SQL_FIELD_BAG, SQL_FORM_PLAIN},
};
_Static_assert(ARRAY_LEN(event_words) == ARRAY_LEN(event_columns), "a form for each column");
_Static_assert(ARRAY_LEN(event_words) <= SQL_FIXED_MAX, "room for each column");

static const struct sql_described_column customer_words[] = {
    {"customer", "TEXT", "the customer's id"},
    {"known", "INTEGER", "1: has a user id"},
    {"first_seen", "TEXT", "the first of the customer's own events: RFC 3339, UTC"},
    {"first_seen_ms", "INTEGER", "the same as milliseconds since 1970"},
    {"last_seen", "TEXT", "the last of them"},
    {"last_seen_ms", "INTEGER", "the same as milliseconds since 1970"},
    {"events", "INTEGER", "how many of them"},
    {"identifiers", "TEXT", "all identifiers, as a JSON array of {kind, value}"},
    {"traits", "TEXT", "all traits as latest known, as a JSON object"},
};
static const struct sql_column customer_columns[] = {
    {SQL_FIELD_CUSTOMER, SQL_FORM_PLAIN},     {SQL_FIELD_KNOWN, SQL_FORM_PLAIN},
    {SQL_FIELD_FIRST_SEEN, SQL_FORM_INSTANT}, {SQL_FIELD_FIRST_SEEN, SQL_FORM_PLAIN},
    {SQL_FIELD_LAST_SEEN, SQL_FORM_INSTANT},  {SQL_FIELD_LAST_SEEN, SQL_FORM_PLAIN},
    {SQL_FIELD_EVENTS, SQL_FORM_PLAIN},       {SQL_FIELD_IDENTIFIERS, SQL_FORM_PLAIN},
    {SQL_FIELD_BAG, SQL_FORM_PLAIN},
};
_Static_assert(ARRAY_LEN(customer_words) == ARRAY_LEN(customer_columns), "a form for each column");

static const struct sql_described_table described[SQL_TABLES] = {
    [SQL_EVENTS] = {"events", "what customers did and said, and what was done for them",
                    event_words, ARRAY_LEN(event_words), "properties"},
    [SQL_CUSTOMERS] = {"customers", "who they are, as joined now", customer_words,
                       ARRAY_LEN(customer_words), "traits"},
    [SQL_VERBATIMS] = {"verbatims", "the customers' own events that bear words", event_words,
                       ARRAY_LEN(event_words), "properties"},
};

const struct sql_table_schema sql_schema[SQL_TABLES] = {
    [SQL_EVENTS] = {&described[SQL_EVENTS], event_columns},
    [SQL_CUSTOMERS] = {&described[SQL_CUSTOMERS], customer_columns},
    [SQL_VERBATIMS] = {&described[SQL_VERBATIMS], event_columns},
};

const struct sql_described_table *sql_tables(size_t *out_count)
{
    *out_count = SQL_TABLES;
    return described;
}
