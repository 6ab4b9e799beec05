#include "base_lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base_mem.h"

struct base_lockfile {
    int descriptor;
};

bool base_lockfile_take(const char *path, struct base_lockfile **out, struct fail *fail)
{
    int descriptor;
    do {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        return fail_set(fail, FAIL_IO, "%s cannot be opened: %s", path, strerrordesc_np(errno));
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        close(descriptor);
        if (error != EWOULDBLOCK) {
            return fail_set(fail, FAIL_IO, "%s cannot be locked: %s", path, strerrordesc_np(error));
        }
        *out = NULL;
        return true;
    }
    struct base_lockfile *lock = base_alloc_zero(sizeof *lock);
    lock->descriptor = descriptor;
    *out = lock;
    return true;
}

void base_lockfile_free(struct base_lockfile *lock)
{
    if (lock != NULL) {
        close(lock->descriptor);
        base_free(lock);
    }
}
