#include "state_internal.h"

/* Times are milliseconds UTC. Lists of texts (origins, scopes) are lines, each ended by a newline. Tokens are
   kept as SHA-256 of their text, but for the public kinds of keys, which are no secret. */
static const char STEP_1[] =
    "CREATE TABLE settings ("
    "  name TEXT PRIMARY KEY, value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE users ("
    "  id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL,"
    "  role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),"
    "  password TEXT," /* argon2id's own form; NULL: signs in by links only */
    "  created_ms INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE sessions ("
    "  id INTEGER PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"
    "  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  created_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, agent TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX sessions_user ON sessions (user_id);"

    "CREATE TABLE one_time_links ("
    "  token_hash BLOB PRIMARY KEY, purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'sign-in')),"
    "  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,"
    "  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL" /* 0: never */
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE sources ("
    "  name TEXT PRIMARY KEY, default_channel TEXT, created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE keys ("
    "  id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('write', 'client', 'secret')),"
    "  name TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (name),"
    "  token_hash BLOB NOT NULL UNIQUE, shown TEXT, prefix TEXT NOT NULL,"
    "  origins TEXT NOT NULL, scopes TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    "  last_used_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    "  CHECK (kind <> 'secret' OR shown IS NULL)"
    ") STRICT;"
    "CREATE INDEX keys_source ON keys (source);"

    "CREATE TABLE segments ("
    "  name TEXT PRIMARY KEY, definition TEXT NOT NULL, owner TEXT NOT NULL,"
    "  updated_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE views ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, page TEXT NOT NULL, query TEXT NOT NULL,"
    "  owner TEXT NOT NULL, updated_ms INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE audit ("
    "  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,"
    "  object TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL"
    ") STRICT;";

/* What a source says besides its channel (masking, zone, ...): a JSON object, checked by who reads it. */
static const char STEP_2[] = "ALTER TABLE sources ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';";

/* When each job runs next, and what became of it last. */
static const char STEP_3[] =
    "CREATE TABLE jobs ("
    "  name TEXT PRIMARY KEY, next_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    "  took_ms INTEGER NOT NULL, good_ms INTEGER NOT NULL, failures INTEGER NOT NULL,"
    "  runs INTEGER NOT NULL, why TEXT, note TEXT"
    ") STRICT, WITHOUT ROWID;";

/* Surveys: a draft and frozen versions; responses with their answers while they are at work. A part is a set of
   answers on its way to the timeline: its content is fixed before its events are written, so that a start after a
   crash can write the very same ones again. Words leave with the answers once they lie on the timeline for good. */
static const char STEP_4[] =
    "CREATE TABLE surveys ("
    "  id TEXT PRIMARY KEY,"
    "  status TEXT NOT NULL CHECK (status IN ('draft', 'live', 'paused', 'closed')),"
    "  draft TEXT,"               /* JSON; NULL: nothing differs from the published version */
    "  version INTEGER NOT NULL," /* the last published; 0: none */
    "  owner TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE survey_versions ("
    "  survey TEXT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE, version INTEGER NOT NULL,"
    "  definition TEXT NOT NULL, owner TEXT NOT NULL, published_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (survey, version)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE survey_links ("
    "  id INTEGER PRIMARY KEY, survey TEXT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,"
    "  token_hash BLOB NOT NULL UNIQUE, customer TEXT," /* a user id; NULL: for nobody known */
    "  response TEXT NOT NULL UNIQUE, wave INTEGER NOT NULL, once INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL," /* 0: never */
    "  revoked_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX survey_links_survey ON survey_links (survey, id);"

    "CREATE TABLE survey_responses ("
    "  id TEXT PRIMARY KEY, survey TEXT NOT NULL, version INTEGER NOT NULL, wave INTEGER NOT NULL,"
    "  way TEXT NOT NULL, language TEXT NOT NULL, user TEXT, anonymous TEXT,"
    "  status TEXT NOT NULL CHECK (status IN ('open', 'settled', 'suspect', 'discarded')),"
    "  reasons TEXT NOT NULL," /* why it is suspect: words, each ended by a newline */
    "  parts INTEGER NOT NULL, created_ms INTEGER NOT NULL, shown_ms INTEGER NOT NULL,"
    "  answered_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL" /* 0: not */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX survey_responses_survey ON survey_responses (survey, status, created_ms);"
    "CREATE INDEX survey_responses_due ON survey_responses (status, answered_ms);"
    "CREATE INDEX survey_responses_user ON survey_responses (user, survey) WHERE user IS NOT NULL;"
    "CREATE INDEX survey_responses_anonymous ON survey_responses (anonymous, survey)"
    "  WHERE anonymous IS NOT NULL;"

    "CREATE TABLE survey_answers ("
    "  response TEXT NOT NULL REFERENCES survey_responses (id) ON DELETE CASCADE,"
    "  question TEXT NOT NULL, seq INTEGER NOT NULL, value TEXT NOT NULL," /* JSON */
    "  part INTEGER NOT NULL,"                                             /* 0: in none yet */
    "  PRIMARY KEY (response, question)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE survey_parts ("
    "  response TEXT NOT NULL REFERENCES survey_responses (id) ON DELETE CASCADE,"
    "  part INTEGER NOT NULL, answers TEXT NOT NULL, finished INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL, PRIMARY KEY (response, part)" /* gone once its events are stored */
    ") STRICT, WITHOUT ROWID;";

/* What customers ask to have erased, by when, and what became of it. `customer` is "kind:value". */
static const char STEP_5[] =
    "CREATE TABLE erasures ("
    "  id INTEGER PRIMARY KEY, customer TEXT NOT NULL, asked_ms INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL, closed_ms INTEGER, closed_by TEXT, note TEXT,"
    "  CHECK ((closed_ms IS NULL) = (closed_by IS NULL))"
    ") STRICT;"
    "CREATE UNIQUE INDEX erasures_open ON erasures (customer) WHERE closed_ms IS NULL;"
    "CREATE INDEX erasures_due ON erasures (due_ms);";

/* Webhooks, feeds and mailboxes: state_channels.h. */
static const char STEP_6[] =
    "CREATE TABLE channels ("
    "  id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('webhook', 'feed', 'mailbox')),"
    "  name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, paused INTEGER NOT NULL DEFAULT 0,"
    "  token_hash BLOB UNIQUE, created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL DEFAULT 0,"
    "  last_ms INTEGER NOT NULL DEFAULT 0, good_ms INTEGER NOT NULL DEFAULT 0,"
    "  failures INTEGER NOT NULL DEFAULT 0, why TEXT, note TEXT, position TEXT, shapes TEXT"
    ") STRICT;";

/* What people said of names: state_catalogue.h. */
static const char STEP_7[] =
    "CREATE TABLE catalogue ("
    "  kind TEXT NOT NULL CHECK (kind IN ('event', 'property', 'trait')), name TEXT NOT NULL,"
    "  owner TEXT NOT NULL, description TEXT NOT NULL, expected TEXT,"
    "  updated_ms INTEGER NOT NULL, updated_by TEXT NOT NULL, PRIMARY KEY (kind, name)"
    ") STRICT, WITHOUT ROWID;";

/* Notes on time, and views that stand first for everybody. */
static const char STEP_8[] =
    "CREATE TABLE notes ("
    "  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
    "  until_ms INTEGER NOT NULL," /* 0: a moment */
    "  kind TEXT NOT NULL CHECK (kind IN ('release', 'incident', 'campaign', 'other')),"
    "  text TEXT NOT NULL, owner TEXT NOT NULL, updated_ms INTEGER NOT NULL,"
    "  CHECK (until_ms = 0 OR until_ms > at_ms)"
    ") STRICT;"
    "CREATE INDEX notes_at ON notes (at_ms);"
    "ALTER TABLE views ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;";

/* By which rules the names of the catalogue are read and taken in. */
static const char STEP_9[] =
    "ALTER TABLE catalogue ADD COLUMN shown_as TEXT;"
    "ALTER TABLE catalogue ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE catalogue ADD COLUMN blocked_ms INTEGER NOT NULL DEFAULT 0;" /* 0: not */;

/* Pages of saved views: state_dashboards.h. */
static const char STEP_10[] =
    "CREATE TABLE dashboards ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, owner TEXT NOT NULL,"
    "  pinned INTEGER NOT NULL, updated_ms INTEGER NOT NULL"
    ") STRICT;";

/* What sources with a quota sent in the minute and in the day under way, so that a restart does not forget it. */
static const char STEP_11[] =
    "CREATE TABLE quotas ("
    "  source TEXT PRIMARY KEY, minute_end_ms INTEGER NOT NULL, minute_events INTEGER NOT NULL,"
    "  day_end_ms INTEGER NOT NULL, day_events INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;";

/* Erasures that were begun: state_forget.h. Lines of the audit trail are chained through a salted digest of what they
   speak of, so that words that name a person can be taken out and the chain still holds. */
static const char STEP_12[] =
    "CREATE TABLE erasing ("
    "  receipt TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, detail TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE audit ADD COLUMN content BLOB;" /* NULL: of a line from before; its hash covers the words */
    "ALTER TABLE audit ADD COLUMN salt BLOB;" /* NULL beside content: the words were taken out */;

/* By which the file is known as one of this program: STATE_APPLICATION_ID. */
static const char STEP_13[] = "PRAGMA application_id = 0x66687374;";

static const char *const STEPS[] = {STEP_1, STEP_2, STEP_3,  STEP_4,  STEP_5,  STEP_6, STEP_7,
                                    STEP_8, STEP_9, STEP_10, STEP_11, STEP_12, STEP_13};
const struct state_schema state_schema = {STEPS, (int)ARRAY_LEN(STEPS)};
