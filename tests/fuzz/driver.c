/* Runs a fuzz target over the files, and the files in the folders, that are given as arguments: the main()
 * of fuzz programs that are built without a fuzzing engine. After --sweep, over every beginning of each file too, and over
 * each file with every byte changed, in some ways each. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX ((size_t)64 << 20)

static bool sweep;
static size_t runs;

/* In a block of just this size, so that AddressSanitizer sees who reads past the input. */
static void run_bytes(struct str bytes)
{
    struct fail fail;
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(bytes.len, 1, &block, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    if (bytes.len > 0) {
        memcpy(block, bytes.data, bytes.len);
    }
    LLVMFuzzerTestOneInput(bytes.len == 0 ? NULL : block, bytes.len); /* as fuzzing engines do */
    runs++;
}

static void run_changed(char *bytes, size_t len, size_t at)
{
    const unsigned char old = (unsigned char)bytes[at];
    const unsigned char ways[] = {0, 0xff, old ^ 1U, old ^ 0x80U, (unsigned char)(old + 1U)};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (ways[i] != old) {
            bytes[at] = (char)ways[i];
            run_bytes(str_of(bytes, len));
        }
    }
    bytes[at] = (char)old;
}

static void run_file(struct disk *disk, const char *path)
{
    struct fail fail;
    struct str bytes;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    if (!disk_read_whole(disk, path, arena, INPUT_BYTES_MAX, &bytes, &fail)) {
        fprintf(stderr, "%s\n", fail.message);
        exit(2);
    }
    printf("%s\n", path);
    fflush(stdout); /* the last one printed is the one that failed */
    run_bytes(bytes);
    char *copy = str_copy_c(arena, bytes);
    for (size_t at = 0; sweep && at < bytes.len; at++) {
        run_bytes(str_of(copy, at));
        run_changed(copy, bytes.len, at);
    }
}

static void run_folder(const char *folder)
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
}

static bool is_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (dir != NULL) {
        closedir(dir);
    }
    return dir != NULL;
}

static void run_path(const char *path)
{
    if (is_folder(path)) {
        run_folder(path);
        return;
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
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--sweep") == 0) {
            sweep = true;
        } else {
            run_path(argv[i]);
        }
    }
    printf("%zu inputs\n", runs);
    return runs > 0 ? 0 : 2;
}
