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

static const char *const STEPS[] = {STEP_1, STEP_2, STEP_3};
const struct state_schema state_schema = {STEPS, (int)ARRAY_LEN(STEPS)};
