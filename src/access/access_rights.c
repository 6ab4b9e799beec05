#include "access_internal.h"

#define BIT(right) (1U << ACCESS_RIGHT_##right)

static const char *const RIGHT_NAMES[ACCESS_RIGHTS] = {
    [ACCESS_RIGHT_INTAKE] = "intake",
    [ACCESS_RIGHT_JOIN_USERS] = "join_users",
    [ACCESS_RIGHT_ASK] = "ask",
    [ACCESS_RIGHT_SAVE] = "save",
    [ACCESS_RIGHT_PIPELINE] = "pipeline",
    [ACCESS_RIGHT_MEND] = "mend",
    [ACCESS_RIGHT_KEYS] = "keys",
    [ACCESS_RIGHT_SETTINGS] = "settings",
    [ACCESS_RIGHT_PEOPLE] = "people",
    [ACCESS_RIGHT_DECIDE] = "decide",
    [ACCESS_RIGHT_OWN_SESSIONS] = "own_sessions",
};

/* Who may what. Keys of the public kinds read nothing; a secret key does what programs do, but gives nobody
   else access: that takes a person. */
static const uint32_t ROLE_RIGHTS[ACCESS_ROLES] = {
    [ACCESS_ROLE_VIEWER] = BIT(ASK) | BIT(PIPELINE) | BIT(OWN_SESSIONS),
    [ACCESS_ROLE_MEMBER] = BIT(ASK) | BIT(PIPELINE) | BIT(OWN_SESSIONS) | BIT(SAVE) | BIT(MEND),
    [ACCESS_ROLE_ADMIN] = BIT(ASK) | BIT(PIPELINE) | BIT(OWN_SESSIONS) | BIT(SAVE) | BIT(MEND) |
                          BIT(KEYS) | BIT(SETTINGS) | BIT(PEOPLE) | BIT(JOIN_USERS),
};
static const uint32_t KIND_RIGHTS[ACCESS_KINDS] = {
    [ACCESS_NOBODY] = 0,
    [ACCESS_PERSON] = 0, /* by role */
    [ACCESS_KEY_WRITE] = BIT(INTAKE),
    [ACCESS_KEY_CLIENT] = BIT(INTAKE) | BIT(DECIDE),
    [ACCESS_KEY_SECRET] = BIT(INTAKE) | BIT(DECIDE) | BIT(JOIN_USERS) | BIT(ASK) | BIT(SAVE) |
                          BIT(PIPELINE) | BIT(MEND),
    [ACCESS_OPERATOR] = (1U << ACCESS_RIGHTS) - 1,
};
static const char *const KIND_NAMES[ACCESS_KINDS] = {
    [ACCESS_NOBODY] = "nobody",     [ACCESS_PERSON] = "person",     [ACCESS_KEY_WRITE] = "write",
    [ACCESS_KEY_CLIENT] = "client", [ACCESS_KEY_SECRET] = "secret", [ACCESS_OPERATOR] = "operator",
    [ACCESS_SERVER] = "server",
};
static const char *const ROLE_NAMES[ACCESS_ROLES] = {
    [ACCESS_ROLE_VIEWER] = "viewer",
    [ACCESS_ROLE_MEMBER] = "member",
    [ACCESS_ROLE_ADMIN] = "admin",
};

const char *access_right_name(enum access_right right)
{
    return RIGHT_NAMES[right];
}

const char *access_role_name(enum access_role role)
{
    return ROLE_NAMES[role];
}

bool access_role_parse(struct str name, enum access_role *out)
{
    for (int i = 0; i < ACCESS_ROLES; i++) {
        if (str_is(name, ROLE_NAMES[i])) {
            *out = (enum access_role)i;
            return true;
        }
    }
    return false;
}

const char *access_key_kind_name(enum access_kind kind)
{
    return KIND_NAMES[kind];
}

bool access_key_kind_parse(struct str name, enum access_kind *out)
{
    for (int i = ACCESS_KEY_WRITE; i <= ACCESS_KEY_SECRET; i++) {
        if (str_is(name, KIND_NAMES[i])) {
            *out = (enum access_kind)i;
            return true;
        }
    }
    return false;
}

bool access_may(const struct access_identity *identity, enum access_right right)
{
    return (identity->rights >> right & 1U) != 0;
}

uint32_t access_rights_of_role(enum access_role role)
{
    return ROLE_RIGHTS[role];
}

uint32_t access_rights_of_key(enum access_kind kind)
{
    return KIND_RIGHTS[kind];
}

struct access_identity access_server(void)
{
    return (struct access_identity){.kind = ACCESS_SERVER, .name = STR("server")};
}

struct access_identity access_operator(void)
{
    return (struct access_identity){
        .kind = ACCESS_OPERATOR,
        .rights = KIND_RIGHTS[ACCESS_OPERATOR],
        .name = STR("operator"),
        .role = ACCESS_ROLE_ADMIN,
    };
}

bool access_origin_ok(const struct access_identity *identity, struct str origin)
{
    if (identity->origins.len == 0 || origin.data == NULL) {
        return true;
    }
    struct str rest = identity->origins;
    struct str line;
    while (str_next_part(&rest, '\n', &line)) {
        if (line.len > 0 && str_equal(line, origin)) {
            return true;
        }
    }
    return false;
}

bool access_line_ok(struct str text, size_t most)
{
    if (text.len == 0 || text.len > most || !str_is_utf8(text)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20U || c == 0x7fU) {
            return false;
        }
    }
    return true;
}
