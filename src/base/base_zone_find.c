/* Zones by name: read once from the system's tzdata, kept for the life of the process. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_thread.h"
#include "base_zone_internal.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define FILE_BYTES_MAX ((size_t)1 << 20)
#define NAME_BYTES_MAX 64
#define NAMES_MAX 4096
#define TAIL_BYTES_LEAST 4

struct cached {
    struct cached *next;
    const struct zone *zone;
};
/* As base_mutex_init makes it, but before anything runs. */
static struct base_mutex lock = {PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP};
static struct cached *cache; /* guarded by lock; entries are immutable and never leave */

static const struct zone *cache_find_locked(struct str name)
{
    for (const struct cached *entry = cache; entry != NULL; entry = entry->next) {
        if (str_equal(zone_name(entry->zone), name)) {
            return entry->zone;
        }
    }
    return NULL;
}

static const struct zone *cache_find(struct str name)
{
    base_lock(&lock);
    const struct zone *zone = cache_find_locked(name);
    base_unlock(&lock);
    return zone;
}

/* Keeps `zone`, or frees it where another thread was first; returns the one that is kept. */
static const struct zone *cache_keep(struct zone *zone)
{
    INVARIANT(zone != NULL);
    base_lock(&lock);
    const struct zone *kept = cache_find_locked(zone->name);
    if (kept == NULL) {
        struct cached *entry = base_alloc_zero(sizeof *entry);
        *entry = (struct cached){cache, zone};
        cache = entry;
        kept = zone;
    }
    base_unlock(&lock);
    if (kept != zone) {
        zone_free(zone);
    }
    return kept;
}

static bool read_open(int descriptor, const char *path, struct arena *arena, struct str *out,
                      struct fail *fail)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return fail_set(fail, FAIL_IO, "%s: %s", path, strerrordesc_np(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail_set(fail, FAIL_ABSENT, "%s is no file", path);
    }
    if (status.st_size < 0 || (uintmax_t)status.st_size > FILE_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%s is larger than %zu bytes", path, FILE_BYTES_MAX);
    }
    size_t size = (size_t)status.st_size, len = 0;
    char *bytes = arena_alloc(arena, size, fail);
    if (bytes == NULL) {
        return false;
    }
    while (len < size) {
        ssize_t got = read(descriptor, bytes + len, size - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_set(fail, FAIL_IO, "%s: %s", path, strerrordesc_np(errno));
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    *out = str_of(bytes, len);
    return true;
}

/* A file of tzdata; FAIL_ABSENT where it is none. */
static bool read_file(struct str name, struct arena *arena, struct str *out, struct fail *fail)
{
    const char *path = str_format(arena, ZONEINFO "/%.*s", STR_ARG(name)).data;
    int descriptor;
    do {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        enum fail_code code = errno == ENOENT || errno == ENOTDIR ? FAIL_ABSENT : FAIL_IO;
        return fail_set(fail, code, "%s: %s", path, strerrordesc_np(errno));
    }
    bool taken = read_open(descriptor, path, arena, out, fail);
    close(descriptor);
    return taken;
}

/* The name of a zone or a link in a line of tzdata.zi ("Z NAME ...", "L TARGET NAME"). */
static bool name_in_line(struct str line, struct str *out)
{
    struct str kind, target;
    if (!str_next_part(&line, ' ', &kind)) {
        return false;
    }
    if (str_is(kind, "L")) {
        return str_next_part(&line, ' ', &target) && str_next_part(&line, ' ', out);
    }
    return str_is(kind, "Z") && str_next_part(&line, ' ', out);
}

/* All names tzdata has; none where its list is missing. */
static size_t read_names(struct arena *arena, struct str *names)
{
    struct fail ignored;
    struct str rest, line;
    size_t count = 0;
    if (!read_file(STR("tzdata.zi"), arena, &rest, &ignored)) {
        return 0;
    }
    while (count < NAMES_MAX && str_next_part(&rest, '\n', &line)) {
        if (name_in_line(line, &names[count])) {
            count++;
        }
    }
    return count;
}

static struct str tail_of(struct str name)
{
    size_t at = name.len;
    while (at > 0 && name.data[at - 1] != '/') {
        at--;
    }
    return str_after(name, at);
}

/* The nearest name there is, by the whole or by the city alone; empty where none is near. */
static struct str nearest(struct str name, struct arena *arena)
{
    struct fail ignored;
    struct str *names = arena_array(arena, NAMES_MAX, sizeof *names, &ignored);
    struct str *tails = arena_array(arena, NAMES_MAX, sizeof *tails, &ignored);
    if (names == NULL || tails == NULL) {
        return STR("");
    }
    size_t count = read_names(arena, names);
    size_t index = str_nearest_of(name, names, count);
    struct str tail = tail_of(name);
    if (index == SIZE_MAX && tail.len >= TAIL_BYTES_LEAST) {
        for (size_t i = 0; i < count; i++) {
            tails[i] = tail_of(names[i]);
        }
        index = str_nearest_of(tail, tails, count);
    }
    return index == SIZE_MAX ? STR("") : names[index];
}

static bool refuse(struct str name, struct arena *arena, struct fail *fail)
{
    bool plain = name.len > 0 && name.len <= NAME_BYTES_MAX;
    for (size_t i = 0; plain && i < name.len; i++) {
        plain = name.data[i] >= ' ' && name.data[i] <= '~' && name.data[i] != '"';
    }
    if (!plain) {
        return fail_set(fail, FAIL_INPUT, "a time zone is an IANA name like \"Europe/London\"");
    }
    struct str near = nearest(name, arena);
    if (near.len > 0) {
        return fail_set(fail, FAIL_INPUT, "\"%.*s\" is no time zone; did you mean \"%.*s\"?",
                        STR_ARG(name), STR_ARG(near));
    }
    return fail_set(fail, FAIL_INPUT,
                    "\"%.*s\" is no time zone: it takes an IANA name like "
                    "\"Europe/London\"",
                    STR_ARG(name));
}

/* Files of tzdata that are no zone of their own: copies, and what this one machine is set to. */
static bool is_copy(struct str name)
{
    return str_starts_c(name, "posix/") || str_starts_c(name, "right/") ||
           str_is(name, "localtime") || str_is(name, "posixrules");
}

static bool name_allowed(struct str name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX || name.data[0] == '/' || is_copy(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '/' || c == '-';
        if (!letter && !other) {
            return false;
        }
    }
    return true;
}

static bool load(struct str name, struct arena *arena, struct zone **out, struct fail *fail)
{
    struct stat status;
    struct str bytes;
    if (!name_allowed(name)) {
        return refuse(name, arena, fail);
    }
    if (!read_file(name, arena, &bytes, fail)) {
        if (fail->code != FAIL_ABSENT) {
            return false;
        }
        if (stat(ZONEINFO, &status) != 0) {
            return fail_set(fail, FAIL_IO, "no time zones in " ZONEINFO ": install tzdata");
        }
        return refuse(name, arena, fail);
    }
    if (!str_starts(bytes, STR("TZif"))) {
        return refuse(name, arena, fail);
    }
    return zone_decode(name, bytes, out, fail) ||
           fail_at(fail, "time zone \"%.*s\"", STR_ARG(name));
}

bool zone_find(struct str name, const struct zone **out, struct fail *fail)
{
    if (str_is(name, "UTC")) {
        *out = zone_utc();
        return true;
    }
    const struct zone *known = cache_find(name);
    if (known == NULL) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct zone *zone = NULL;
        if (!load(name, arena, &zone, fail)) {
            return false;
        }
        known = cache_keep(zone);
    }
    *out = known;
    return true;
}
