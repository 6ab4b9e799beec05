

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_disk.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

/* Every test here holds for the real disk and for the simulated one. */
#include "disk_sim.h"

static char folder[SCRATCH_BYTES];
static struct disk *disk;

static int open_real(void **state)
{
    (void)state;
    struct fail fail;
    return scratch_make(folder) && disk_real(folder, &disk, &fail) ? 0 : -1;
}

static int close_real(void **state)
{
    (void)state;
    disk_free(disk);
    return scratch_remove(folder) ? 0 : -1;
}

static int open_sim(void **state)
{
    (void)state;
    disk = disk_sim_disk(disk_sim_new(1));
    return 0;
}

static int close_sim(void **state)
{
    (void)state;
    disk_free(disk);
    return 0;
}

static struct disk_file *opened(const char *path, enum disk_open_flags how)
{
    struct fail fail;
    struct disk_file *file = NULL;
    if (!disk_open(disk, path, how, &file, &fail)) {
        fail_msg("%s", fail.message);
    }
    return file;
}

static void put_file(const char *path, const char *text)
{
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = opened(path, DISK_CREATE);
    assert_true(disk_truncate(file, 0, &fail));
    assert_true(disk_write_at(file, 0, text, strlen(text), &fail));
}

static void assert_file(const char *path, const char *text)
{
    struct fail fail;
    struct str bytes = STR("");
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_true(disk_read_whole(disk, path, arena, 1000, &bytes, &fail));
    assert_true(str_is(bytes, text));
}

static void opening_follows_its_flags(void **state)
{
    (void)state;
    struct fail fail;
    struct disk_file *file = NULL;
    assert_false(disk_open(disk, "new", DISK_READ, &file, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(disk_open(disk, "new", DISK_WRITE, &file, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(disk_open(disk, "no/new", DISK_CREATE, &file, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_null(file);
    disk_close(opened("new", DISK_CREATE_NEW));
    assert_false(disk_open(disk, "new", DISK_CREATE_NEW, &file, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    disk_close(opened("new", DISK_CREATE));
    disk_close(opened("new", DISK_WRITE));
    disk_close(opened("new", DISK_READ));
    disk_close(NULL);
    assert_true(disk_make_dir(disk, "folder", &fail));
    assert_false(disk_open(disk, "folder", DISK_WRITE, &file, &fail));
    assert_int_equal(fail.code, FAIL_IO);
}

static void bytes_lie_where_they_were_written(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = opened("bytes", DISK_CREATE);
    uint64_t size = 9;
    size_t len = 9;
    char text[20] = "";
    assert_true(disk_size(file, &size, &fail) && size == 0);
    assert_true(disk_read_at(file, 0, text, 5, &len, &fail) && len == 0);
    assert_true(disk_write_at(file, 5, "world", 5, &fail));
    assert_true(disk_write_at(file, 0, "hel", 3, &fail));
    assert_true(disk_write_at(file, 3, "", 0, &fail));
    assert_true(disk_size(file, &size, &fail) && size == 10);
    assert_true(disk_read_at(file, 0, text, sizeof text, &len, &fail));
    assert_int_equal(len, 10);
    assert_memory_equal(text, "hel\0\0world", 10); /* the hole is zeros */
    assert_true(disk_read_at(file, 8, text, 2, &len, &fail) && len == 2);
    assert_memory_equal(text, "ld", 2);
    assert_true(disk_read_at(file, 100, text, 2, &len, &fail) && len == 0);
    assert_true(disk_sync(file, &fail));
}

static void truncation_cuts_and_grows(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = opened("cut", DISK_CREATE);
    char text[20] = "";
    size_t len;
    assert_true(disk_write_at(file, 0, "abcdef", 6, &fail));
    assert_true(disk_truncate(file, 2, &fail));
    assert_true(disk_truncate(file, 4, &fail));
    assert_true(disk_read_at(file, 0, text, sizeof text, &len, &fail));
    assert_int_equal(len, 4);
    assert_memory_equal(text, "ab\0\0", 4);
}

static void reserving_does_not_change_the_size(void **state)
{
    (void)state;
    struct fail fail;
    uint64_t size;
    CLEANUP(disk_close_at) struct disk_file *file = opened("room", DISK_CREATE);
    assert_true(disk_reserve(file, 0, &fail));
    assert_true(disk_reserve(file, 1 << 20, &fail));
    assert_true(disk_size(file, &size, &fail) && size == 0);
    assert_true(disk_write_at(file, 0, "abc", 3, &fail));
    assert_true(disk_size(file, &size, &fail) && size == 3);
}

static void view_outlives_its_file(void **state)
{
    (void)state;
    struct fail fail;
    struct disk_view view = {0}, empty = {0};
    put_file("view", "what was written");
    put_file("empty", "");
    struct disk_file *file = opened("view", DISK_READ), *nothing = opened("empty", DISK_READ);
    assert_true(disk_map(file, &view, &fail));
    assert_true(disk_map(nothing, &empty, &fail));
    disk_close(file);
    disk_close(nothing);
    assert_true(disk_remove(disk, "view", &fail));
    assert_int_equal(view.len, 16);
    assert_memory_equal(view.data, "what was written", 16);
    assert_int_equal(empty.len, 0);
    assert_non_null(empty.data);
    disk_unmap(disk, &view);
    disk_unmap(disk, &empty);
    assert_null(view.data);
    disk_unmap(disk, &view);
}

static void open_file_outlives_its_name(void **state)
{
    (void)state;
    struct fail fail;
    char text[4];
    size_t len;
    put_file("gone", "abc");
    CLEANUP(disk_close_at) struct disk_file *file = opened("gone", DISK_WRITE);
    assert_true(disk_remove(disk, "gone", &fail));
    assert_true(disk_write_at(file, 1, "X", 1, &fail));
    assert_true(disk_read_at(file, 0, text, 3, &len, &fail) && len == 3);
    assert_memory_equal(text, "aXc", 3);
}

static void rename_replaces_what_is_there(void **state)
{
    (void)state;
    struct fail fail;
    assert_true(disk_make_dir(disk, "sub", &fail));
    put_file("from", "new");
    put_file("sub/to", "old");
    assert_true(disk_rename(disk, "from", "sub/to", &fail));
    assert_file("sub/to", "new");
    assert_false(disk_rename(disk, "from", "sub/to", &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(disk_rename(disk, "sub/to", "no/to", &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_true(disk_rename(disk, "sub/to", "sub/to", &fail));
    assert_file("sub/to", "new");
    assert_true(disk_sync_dir(disk, "sub", &fail));
    assert_true(disk_sync_dir(disk, "", &fail));
}

static void removing_and_listing_agree(void **state)
{
    (void)state;
    struct fail fail;
    struct str *names = NULL;
    size_t count = 9;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_false(disk_list(disk, "list", arena, &names, &count, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_true(disk_make_dir(disk, "list", &fail));
    assert_true(disk_make_dir(disk, "list", &fail)); /* may exist */
    assert_true(disk_list(disk, "list", arena, &names, &count, &fail));
    assert_int_equal(count, 0);
    put_file("list/b", "");
    put_file("list/a10", "");
    put_file("list/a9", "");
    put_file("list/\xC3\xA9", "");
    put_file("list/Z", "");
    assert_true(disk_make_dir(disk, "list/folder", &fail));
    assert_true(disk_remove(disk, "list/b", &fail));
    assert_false(disk_remove(disk, "list/b", &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(disk_remove(disk, "list/folder", &fail));
    assert_int_equal(fail.code, FAIL_IO);
    assert_true(disk_list(disk, "list", arena, &names, &count, &fail));
    const char *const expected[] = {"Z", "a10", "a9", "\xC3\xA9"};
    assert_int_equal(count, ARRAY_LEN(expected));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(names[i].data, expected[i]);
    }
    assert_false(disk_make_dir(disk, "list/Z", &fail)); /* a file is there */
    assert_false(disk_make_dir(disk, "no/folder", &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(disk_sync_dir(disk, "no", &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void whole_files_are_written_and_read(void **state)
{
    (void)state;
    struct fail fail;
    struct str bytes = STR("untouched");
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_false(disk_read_whole(disk, "whole", arena, 10, &bytes, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    put_file("whole.tmp", "left over from a crash, and longer");
    assert_true(disk_write_whole(disk, "whole", STR("first"), &fail));
    assert_file("whole", "first");
    assert_true(disk_write_whole(disk, "whole", STR(""), &fail));
    assert_file("whole", "");
    assert_true(disk_write_whole(disk, "whole", STR("0123456789"), &fail));
    assert_true(disk_read_whole(disk, "whole", arena, 10, &bytes, &fail));
    bytes = STR("untouched");
    assert_false(disk_read_whole(disk, "whole", arena, 9, &bytes, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(str_is(bytes, "untouched"));
    assert_false(disk_write_whole(disk, "no/whole", STR("x"), &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    struct disk_file *file = NULL;
    assert_false(disk_open(disk, "whole.tmp", DISK_READ, &file, &fail));
}

static void paths_stay_inside(void **state)
{
    (void)state;
    static const char *const bad[] = {"/etc/x", "../x", "a/../x", "a//b", "./a", "a/", "a/.", ""};
    struct fail fail;
    struct disk_file *file = NULL;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(disk_open(disk, bad[i], DISK_CREATE, &file, &fail));
        assert_int_equal(fail.code, FAIL_INTERNAL);
        assert_false(disk_remove(disk, bad[i], &fail));
        assert_int_equal(fail.code, FAIL_INTERNAL);
        assert_false(disk_rename(disk, "a", bad[i], &fail));
        assert_int_equal(fail.code, FAIL_INTERNAL);
    }
    disk_close(opened("..a", DISK_CREATE));
}

static void free_room_is_known(void **state)
{
    (void)state;
    struct fail fail;
    struct disk_room room = {0};
    assert_true(disk_measure(disk, &room, &fail));
    assert_true(room.free_bytes > 0);
    assert_true(room.total_bytes >= room.free_bytes);
}

/* ---- the real disk alone ------------------------------------------------------------------------ */

static void messages_name_the_file_and_the_reason(void **state)
{
    (void)state;
    struct fail fail;
    struct disk_file *file = NULL;
    assert_false(disk_open(disk, "sub/absent", DISK_READ, &file, &fail));
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_string_equal(fail.message, str_format(arena,
                                                 "%s/sub/absent cannot be opened: No such file or "
                                                 "directory",
                                                 folder)
                                          .data);
}

static void files_and_folders_are_their_owners_alone(void **state)
{
    (void)state;
    struct fail fail;
    struct stat status;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    mode_t before = umask(0);
    put_file("file", "x");
    assert_true(disk_make_dir(disk, "sub", &fail));
    umask(before);
    assert_int_equal(stat(str_format(arena, "%s/file", folder).data, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(str_format(arena, "%s/sub", folder).data, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
}

static void disk_needs_its_folder(void **state)
{
    (void)state;
    struct fail fail;
    struct disk *other = NULL;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_false(disk_real(str_format(arena, "%s/absent", folder).data, &other, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_null(other);
    put_file("file", "x");
    assert_false(disk_real(str_format(arena, "%s/file", folder).data, &other, &fail));
    assert_int_equal(fail.code, FAIL_IO);
}

static void offsets_past_what_a_file_can_have_are_refused(void **state)
{
    (void)state;
    struct fail fail;
    size_t len;
    char byte = 'x';
    CLEANUP(disk_close_at) struct disk_file *file = opened("far", DISK_CREATE);
    assert_false(disk_write_at(file, INT64_MAX, &byte, 1, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(disk_write_at(file, UINT64_MAX, &byte, 1, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(disk_read_at(file, UINT64_MAX, &byte, 1, &len, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(disk_truncate(file, UINT64_MAX, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    struct fail fail;
    struct stat status;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    const char *path = str_format(arena, "%s/x//y/z/", folder).data;
    assert_true(base_make_dirs(path, &fail));
    assert_true(base_make_dirs(path, &fail));
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_true(base_make_dirs("/", &fail));
    assert_true(base_make_dirs(".", &fail));
    assert_false(base_make_dirs("", &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    put_file("file", "x");
    assert_false(base_make_dirs(str_format(arena, "%s/file/sub", folder).data, &fail));
    assert_int_equal(fail.code, FAIL_IO);
}

static void relative_directories_are_made_here(void **state)
{
    (void)state;
    struct fail fail;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    bool made = base_make_dirs("one/two", &fail);
    struct stat status;
    bool there = stat("one/two", &status) == 0;
    assert_int_equal(chdir(before), 0);
    assert_true(made && there);
}

#define ON_BOTH(test)                                                                              \
    {"real_" #test, test, open_real, close_real, NULL},                                            \
    {                                                                                              \
        "sim_" #test, test, open_sim, close_sim, NULL                                              \
    }
#define ON_REAL(test)                                                                              \
    {                                                                                              \
#test, test, open_real, close_real, NULL                                                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(opening_follows_its_flags),
        ON_BOTH(bytes_lie_where_they_were_written),
        ON_BOTH(truncation_cuts_and_grows),
        ON_BOTH(reserving_does_not_change_the_size),
        ON_BOTH(view_outlives_its_file),
        ON_BOTH(open_file_outlives_its_name),
        ON_BOTH(rename_replaces_what_is_there),
        ON_BOTH(removing_and_listing_agree),
        ON_BOTH(whole_files_are_written_and_read),
        ON_BOTH(paths_stay_inside),
        ON_BOTH(free_room_is_known),
        ON_REAL(messages_name_the_file_and_the_reason),
        ON_REAL(files_and_folders_are_their_owners_alone),
        ON_REAL(disk_needs_its_folder),
        ON_REAL(offsets_past_what_a_file_can_have_are_refused),
        ON_REAL(directories_are_made_with_their_parents),
        ON_REAL(relative_directories_are_made_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
