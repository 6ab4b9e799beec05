/* What a mail server says: an examination, a search, a mail. The first byte is how many bytes come at a time. */
#include "net_imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    struct str says;
    size_t step;
};

static bool hear(void *context, struct str bytes, struct fail *fail)
{
    (void)context;
    (void)fail;
    INVARIANT(str_ends(bytes, STR("\r\n")) && str_find_byte(bytes, '\n') == bytes.len - 1);
    return true;
}

static bool say(void *context, char *into, size_t room, size_t *out_len, struct fail *fail)
{
    struct script *script = context;
    (void)fail;
    size_t len = script->says.len < room ? script->says.len : room;
    len = len < script->step ? len : script->step;
    if (len > 0) {
        memcpy(into, script->says.data, len);
    }
    script->says = str_after(script->says, len);
    *out_len = len;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct script script = {.says = str_of((const char *)data + 1, size - 1), .step = data[0] + 1U};
    const struct net_imap_line line = {.send = hear, .receive = say, .context = &script};
    struct arena *arena = arena_new(NULL);
    struct net_imap *imap;
    struct fail fail;
    uint32_t *uids;
    size_t count;
    struct str mail;
    bool found;
    if (net_imap_open_line(&line, STR("INBOX"), &imap, &fail)) {
        INVARIANT(net_imap_state(imap).uid_validity > 0);
        if (net_imap_uids(imap, 3, arena, &uids, &count, &fail)) {
            for (size_t i = 0; i < count; i++) {
                INVARIANT(uids[i] >= 3 && (i == 0 || uids[i] >= uids[i - 1]));
            }
        }
        if (net_imap_fetch(imap, 5, arena, &mail, &found, &fail)) {
            INVARIANT(!found || mail.len <= size);
        }
        net_imap_close(imap);
    }
    arena_free(arena);
    return 0;
}
