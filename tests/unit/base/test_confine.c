#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_confine.h"
#include "scratch.h"

#define PATH_BYTES (SCRATCH_BYTES + 64)

/* What cannot be undone is done in a child, which says by its exit code where it failed (0: nowhere). */
static int in_child(int (*body)(const char *scratch), const char *scratch)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(body(scratch));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int opens(const char *folder, const char *name, int how)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int descriptor = open(path, how | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return -errno;
    }
    close(descriptor);
    return 0;
}

static int listens(uint16_t port)
{
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int result = bind(made, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
    close(made);
    return result;
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) >= 2;
}

static int keeps_to_its_folders(const char *scratch)
{
    char mine[PATH_BYTES], read_only[PATH_BYTES], absent[PATH_BYTES];
    snprintf(mine, sizeof mine, "%s/mine", scratch);
    snprintf(read_only, sizeof read_only, "%s/read", scratch);
    snprintf(absent, sizeof absent, "%s/absent", scratch);
    const struct base_confine_path paths[] = {
        {mine, BASE_CONFINE_READ | BASE_CONFINE_WRITE},
        {read_only, BASE_CONFINE_READ},
        {absent, BASE_CONFINE_READ | BASE_CONFINE_OPTIONAL},
    };
    struct fail fail;
    int version;
    if (!base_confine_files(paths, 3, 0, &version, &fail) || version < 2) {
        return 1;
    }
    if (opens(mine, "new", O_CREAT | O_WRONLY) != 0 || opens(mine, "new", O_RDONLY) != 0) {
        return 2;
    }
    if (opens(read_only, "file", O_RDONLY) != 0 || opens(read_only, "file", O_RDWR) != -EACCES) {
        return 3;
    }
    if (opens(read_only, "new", O_CREAT | O_WRONLY) != -EACCES) {
        return 4;
    }
    if (opens(scratch, "outside", O_RDONLY) != -EACCES ||
        opens("/etc", "passwd", O_RDONLY) != -EACCES) {
        return 5;
    }
    char link[PATH_BYTES + 8];
    snprintf(link, sizeof link, "%s/link", mine);
    if (symlink("/etc/passwd", link) == 0 || execl("/bin/true", "true", NULL) == 0 ||
        errno != EACCES) {
        return 6;
    }
    if (version >= 4 && (listens(0) != 0 || listens(47111) != -EACCES)) {
        return 7;
    }
    return version >= 6 && kill(getppid(), 0) == 0 ? 8 : 0;
}

static void files_outside_the_listed_folders_cannot_be_reached(void **state)
{
    (void)state;
    if (!has_landlock()) {
        skip(); /* nothing to test: the kernel cannot do it, and the function says so (below) */
    }
    char scratch[SCRATCH_BYTES], path[PATH_BYTES];
    assert_true(scratch_make(scratch));
    static const char *const folders[] = {"mine", "read"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_int_equal(opens(scratch, "outside", O_CREAT | O_WRONLY), 0);
    assert_int_equal(opens(path, "file", O_CREAT | O_WRONLY), 0);
    assert_int_equal(in_child(keeps_to_its_folders, scratch), 0);
    assert_true(scratch_remove(scratch));
}

static int names_what_is_absent(const char *scratch)
{
    char absent[PATH_BYTES];
    snprintf(absent, sizeof absent, "%s/absent", scratch);
    const struct base_confine_path path = {absent, BASE_CONFINE_READ};
    struct fail fail;
    int version;
    if (base_confine_files(&path, 1, 0, &version, &fail)) {
        return version == 0 ? 0 : 1;
    }
    return fail.code == FAIL_INPUT && strstr(fail.message, "absent: ENOENT") == NULL &&
                   strstr(fail.message, "absent: No such file") != NULL
               ? 0
               : 2;
}

static void a_folder_that_is_absent_is_named(void **state)
{
    (void)state;
    char scratch[SCRATCH_BYTES];
    assert_true(scratch_make(scratch));
    assert_int_equal(in_child(names_what_is_absent, scratch), 0);
    assert_true(scratch_remove(scratch));
}

static const struct base_confine_call some[] = {
    {.number = SYS_write},
    {.number = SYS_close},
    {.number = SYS_exit},
    {.number = SYS_exit_group},
    {.number = SYS_futex},
    {.number = SYS_mmap},
    {.number = SYS_munmap},
    {.number = SYS_mprotect},
    {.number = SYS_madvise},
    {.number = SYS_rt_sigprocmask},
    {.number = SYS_set_robust_list},
    {.number = SYS_rseq},
    {.number = SYS_sigaltstack}, /* instrumented code, when it ends */
    {SYS_clone, BASE_CONFINE_WITHOUT, 0, 0x10000000U},
    {SYS_socket, BASE_CONFINE_ONE_OF, 0, 1U << AF_UNIX | 1U << AF_INET},
};

static int family(int which)
{
    int made = socket(which, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return made < 0 ? errno : 0;
}

static int makes_only_listed_calls(const char *scratch)
{
    (void)scratch;
    struct fail fail;
    if (!base_confine_calls(some, ARRAY_LEN(some), &fail)) {
        return 1;
    }
    if (syscall(SYS_getppid) != -1 || errno != EPERM) {
        return 2;
    }
    if (family(AF_INET) != 0 || family(AF_UNIX) != 0 || family(AF_PACKET) != EPERM ||
        family(AF_INET + 32) != EPERM || family(-1) != EPERM) {
        return 3;
    }
    if (syscall(SYS_clone, 0x10000000UL | SIGCHLD, 0, 0, 0, 0) != -1 || errno != EPERM) {
        return 4;
    }
    return syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? 0 : 5;
}

static void calls_that_are_not_listed_are_refused(void **state)
{
    (void)state;
    assert_int_equal(in_child(makes_only_listed_calls, ""), 0);
}

static int waiting[2], answered[2];

static void *asks_when_told(void *unused)
{
    char byte = 0;
    (void)unused;
    if (read(waiting[0], &byte, 1) != 1) {
        return NULL;
    }
    byte = syscall(SYS_getppid) == -1 && errno == EPERM ? 'r' : 'a';
    (void)!write(answered[1], &byte, 1);
    return NULL;
}

static int binds_running_threads(const char *scratch)
{
    (void)scratch;
    pthread_t thread;
    if (pipe(waiting) != 0 || pipe(answered) != 0 ||
        pthread_create(&thread, NULL, asks_when_told, NULL) != 0) {
        return 1;
    }
    struct base_confine_call with_read[ARRAY_LEN(some) + 1];
    memcpy(with_read, some, sizeof some);
    with_read[ARRAY_LEN(some)] = (struct base_confine_call){.number = SYS_read};
    struct fail fail;
    char byte = 0;
    if (!base_confine_calls(with_read, ARRAY_LEN(with_read), &fail) ||
        write(waiting[1], "g", 1) != 1 || read(answered[0], &byte, 1) != 1) {
        return 2;
    }
    return byte == 'r' ? 0 : 3;
}

static void threads_that_run_already_are_bound_too(void **state)
{
    (void)state;
    if (BASE_SANITIZED) {
        skip(); /* an instrumented thread makes calls of its own; the uninstrumented builds test it */
    }
    assert_int_equal(in_child(binds_running_threads, ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_outside_the_listed_folders_cannot_be_reached),
        cmocka_unit_test(a_folder_that_is_absent_is_named),
        cmocka_unit_test(calls_that_are_not_listed_are_refused),
        cmocka_unit_test(threads_that_run_already_are_bound_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
