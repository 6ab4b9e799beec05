/* Runs a fuzz target over the files, and the files in the folders, that are given as arguments: the main()
 * of fuzz programs that are built without a fuzzing engine. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX ((size_t)64 << 20)

static void run_file(struct disk *disk, const char *path)
{
    struct fail fail;
    struct str bytes;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    if (!disk_read_whole(disk, path, arena, INPUT_BYTES_MAX, &bytes, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    /* A block of just this size, so that AddressSanitizer sees who reads past the input. */
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(bytes.len, 1, &block, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    if (bytes.len > 0) {
        memcpy(block, bytes.data, bytes.len);
    }
    printf("%s\n", path);
    fflush(stdout); /* the last one printed is the one that failed */
    LLVMFuzzerTestOneInput(bytes.len == 0 ? NULL : block, bytes.len); /* as fuzzing engines do */
}

static size_t run_folder(const char *folder)
{
    struct fail fail;
    struct disk *disk;
    struct str *names;
    size_t count;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    if (!disk_real(folder, &disk, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    if (!disk_list(disk, "", arena, &names, &count, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    for (size_t i = 0; i < count; i++) {
        run_file(disk, names[i].data);
    }
    disk_free(disk);
    return count;
}

static bool is_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (dir != NULL) {
        closedir(dir);
    }
    return dir != NULL;
}

static size_t run_path(const char *path)
{
    if (is_folder(path)) {
        return run_folder(path);
    }
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL   ? "."
                         : slash == path ? "/"
                                         : str_copy_c(arena, str_of(path, (size_t)(slash - path)));
    struct fail fail;
    struct disk *disk;
    if (!disk_real(folder, &disk, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    run_file(disk, slash == NULL ? path : slash + 1);
    disk_free(disk);
    return 1;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        count += run_path(argv[i]);
    }
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 2;
}
