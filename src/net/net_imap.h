/* net_imap.h — reading one mailbox, and changing nothing in it.
 *
 * What: the folder is opened with EXAMINE (read-only) and mails are read with BODY.PEEK, so that no flag changes. Mails have
 *   numbers (UID) that only grow, as long as UIDVALIDITY stays: together they say how far a mailbox was read.
 *   Answers are read with their literals counted, so that nothing in a mail is taken for the server's own words.
 * Owner: net_imap_open/close; bytes lie in the arena given.   Threads: one at a time.
 * Failure: FAIL_INPUT for a folder that is not there; FAIL_DENIED for a wrong password; FAIL_IO for the network and for
 *   answers that are not IMAP; FAIL_LIMIT for lines without end.
 * Limits/cost: NET_IMAP_*; a round trip for each call.   Units: *_bytes.
 * Example: net_imap_open(client, &options, &imap, fail) && net_imap_uids(imap, 1, arena, &uids, &count, fail)
 * Not here: what mails say (intake_mail), when a mailbox is read (app_mailboxes).
 */
#pragma once

#include "net_client.h"

#define NET_IMAP_LINE_BYTES_MAX                                                                    \
    ((size_t)1 << 20) /* of an answer without its literals: a search may be long */
#define NET_IMAP_MAIL_BYTES_MAX ((size_t)10 << 20)
#define NET_IMAP_UIDS_MAX 100000

/* Where bytes come from and go to: a net_wire, or a test. */
struct net_imap_line {
    bool (*send)(void *context, struct str bytes, struct fail *fail);
    /* As net_wire_receive. */
    bool (*receive)(void *context, char *into, size_t room, size_t *out_len, struct fail *fail);
    void *context;
};

struct net_imap;
struct net_imap_options {
    struct net_wire_options wire;
    struct str folder; /* ASCII, as the server calls it: INBOX */
};
struct net_imap_state {
    uint32_t uid_validity, uid_next; /* uid_next 0: not said */
    uint32_t mails;
};
bool net_imap_open(const struct net_client *client, const struct net_imap_options *options,
                   struct net_imap **out, struct fail *fail) MUST_USE;
/* Over a line that is connected and signed in already; for tests. */
bool net_imap_open_line(const struct net_imap_line *line, struct str folder, struct net_imap **out,
                        struct fail *fail) MUST_USE;
void net_imap_close(struct net_imap *imap); /* accepts NULL */
void net_imap_close_at(struct net_imap **imap);
struct net_imap_state net_imap_state(const struct net_imap *imap);

/* The numbers of mails from `first` on, in order. */
bool net_imap_uids(struct net_imap *imap, uint32_t first, struct arena *arena, uint32_t **out,
                   size_t *out_count, struct fail *fail) MUST_USE;
/* One mail's bytes, at most NET_IMAP_MAIL_BYTES_MAX of them. *out_found false: it is gone. */
bool net_imap_fetch(struct net_imap *imap, uint32_t uid, struct arena *arena, struct str *out,
                    bool *out_found, struct fail *fail) MUST_USE;
