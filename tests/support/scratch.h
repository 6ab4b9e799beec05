/* scratch.h — an empty folder for one test, removed with all that is in it. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define SCRATCH_BYTES 256

static inline bool scratch_make(char path[SCRATCH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, SCRATCH_BYTES, "%s/firsthand-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(path) != NULL;
}

static inline int scratch_remove_one(const char *path, const struct stat *status, int kind,
                                     struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline bool scratch_remove(const char *path)
{
    return nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0;
}
