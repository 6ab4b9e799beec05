#include "raw_search.h"

#include <zstd.h>

#include "base_mem.h"

static bool has(const uint8_t *bytes, size_t len, const char *word)
{
    return len > 0 && memmem(bytes, len, word, strlen(word)) != NULL;
}

/* Every frame of zstd that lies in the bytes, unpacked. */
static bool has_packed(const uint8_t *bytes, size_t len, const char *word)
{
    static const uint8_t magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
    for (size_t at = 0; at + sizeof magic < len; at++) {
        if (memcmp(bytes + at, magic, sizeof magic) != 0) {
            continue;
        }
        unsigned long long size = ZSTD_getFrameContentSize(bytes + at, len - at);
        size_t packed = ZSTD_findFrameCompressedSize(bytes + at, len - at);
        if (ZSTD_isError(packed) || size > ((size_t)1 << 24)) {
            continue;
        }
        void *out = NULL;
        struct fail fail;
        INVARIANT(base_alloc_array((size_t)size + 1, 1, &out, &fail));
        size_t got = ZSTD_decompress(out, (size_t)size, bytes + at, packed);
        bool found = !ZSTD_isError(got) && has(out, got, word);
        base_free(out);
        if (found) {
            return true;
        }
    }
    return false;
}

const char *raw_file_with(struct disk_sim *sim, struct arena *arena, const char *word)
{
    static const char *const folders[] = {"",         "segments", "journal",
                                          "identity", "dedup",    "quarantine"};
    struct disk *disk = disk_sim_disk(sim);
    struct fail fail;
    for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
        struct str *names;
        size_t count;
        if (!disk_list(disk, folders[f], arena, &names, &count, &fail)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            const char *path =
                str_copy_c(arena, str_format(arena, "%s%s%.*s", folders[f],
                                             folders[f][0] == '\0' ? "" : "/", STR_ARG(names[i])));
            struct str bytes;
            if (!disk_read_whole(disk, path, arena, SIZE_MAX / 2, &bytes, &fail)) {
                continue;
            }
            const uint8_t *data = (const uint8_t *)bytes.data;
            if (has(data, bytes.len, word) || has_packed(data, bytes.len, word)) {
                return path;
            }
        }
    }
    return NULL;
}
