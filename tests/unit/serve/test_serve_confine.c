/* What a server gave up, tried one by one in a child that gave up the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_confine.h"
#include "scratch.h"
#include "serve_confine.h"

static char outside[SCRATCH_BYTES];

/* Each tries one way out and answers 0 where it was refused. */
static int read_outside(void)
{
    return open(outside, O_RDONLY | O_CLOEXEC | O_DIRECTORY) < 0 && errno == EACCES ? 0 : 1;
}

static int write_settings_of_the_system(void)
{
    return open("/etc/firsthand-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES
               ? 0
               : 1;
}

static int run_a_shell(void)
{
    execl("/bin/sh", "sh", "-c", "exit 0", NULL);
    return errno == EACCES ? 0 : 1;
}

static int refused(long result)
{
    return result == -1 && errno == EPERM ? 0 : 1;
}

static int look_into_a_process(void)
{
    return refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int leave_its_namespace(void)
{
    return refused(unshare(CLONE_NEWUSER));
}
static int mount_something(void)
{
    return refused(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, 0));
}
static int load_a_module(void)
{
    return refused(syscall(SYS_init_module, NULL, 0, ""));
}
static int make_a_ring(void)
{
    return refused(syscall(SYS_io_uring_setup, 1, NULL));
}
static int read_another_process(void)
{
    return refused(syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0));
}
static int make_a_file_of_memory(void)
{
    return refused(syscall(SYS_memfd_create, "x", 0));
}
static int open_by_handle(void)
{
    return refused(syscall(SYS_open_by_handle_at, 0, NULL, 0));
}
static int load_a_filter(void)
{
    return refused(syscall(SYS_bpf, 0, NULL, 0));
}
static int send_packets(void)
{
    return refused(socket(AF_PACKET, SOCK_RAW, 0));
}
static int type_for_a_terminal(void)
{
    return refused(syscall(SYS_ioctl, 0, 0x5412, "x"));
}
static int become_another(void)
{
    return refused(syscall(SYS_setuid, 0));
}

static int leave_a_core(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 0 : 1;
}

static const struct {
    const char *what;
    int (*try)(void);
    bool by_files; /* refused by Landlock, which the kernel may lack */
} escapes[] = {
    {"read outside", read_outside, true},
    {"write settings of the system", write_settings_of_the_system, true},
    {"run a shell", run_a_shell, true},
    {"look into a process", look_into_a_process, false},
    {"leave its namespace", leave_its_namespace, false},
    {"mount something", mount_something, false},
    {"load a module", load_a_module, false},
    {"make a ring", make_a_ring, false},
    {"read another process", read_another_process, false},
    {"make a file of memory", make_a_file_of_memory, false},
    {"open by handle", open_by_handle, false},
    {"load a filter", load_a_filter, false},
    {"send packets", send_packets, false},
    {"type for a terminal", type_for_a_terminal, false},
    {"become another", become_another, false},
    {"leave a core", leave_a_core, false},
};

static int in_confined_child(const char *data, int64_t confine, int (*try)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const struct app_config config = {.listen = STR("127.0.0.1:0"), .confine = confine};
        struct fail fail;
        bool good =
            serve_confine_files(data, &config, &fail) && serve_confine_calls(&config, &fail);
        _exit(good ? try() : 99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static void every_way_out_is_refused(void **state)
{
    (void)state;
    if (BASE_SANITIZED) {
        skip(); /* instrumented builds keep all calls (serve_confine.c); the others test this */
    }
    char data[SCRATCH_BYTES];
    assert_true(scratch_make(data) && scratch_make(outside));
    bool landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) >= 2;
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if ((landlock || !escapes[i].by_files) && in_confined_child(data, 1, escapes[i].try) != 0) {
            fail_msg("not refused: %s", escapes[i].what);
        }
    }
    assert_true(scratch_remove(data) && scratch_remove(outside));
}

static void debuggers_may_keep_everything(void **state)
{
    (void)state;
    char data[SCRATCH_BYTES];
    assert_true(scratch_make(data) && scratch_make(outside));
    assert_int_equal(in_confined_child(data, 0, read_outside), 1);
    assert_int_equal(in_confined_child(data, 0, make_a_file_of_memory), 1);
    assert_true(scratch_remove(data) && scratch_remove(outside));
}

static int make_write_and_remove(void)
{
    char path[SCRATCH_BYTES + 8], other[SCRATCH_BYTES + 8];
    snprintf(path, sizeof path, "%s/new", outside);
    snprintf(other, sizeof other, "%s/other", outside);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = file >= 0 && pwrite(file, "x", 1, 0) == 1 && fdatasync(file) == 0 &&
                sync_file_range(file, 0, 1, SYNC_FILE_RANGE_WRITE) == 0 &&
                ftruncate(file, 0) == 0 && renameat(AT_FDCWD, path, AT_FDCWD, other) == 0 &&
                unlinkat(AT_FDCWD, other, 0) == 0;
    return good ? 0 : 1;
}

static void its_directory_stays_its_own(void **state)
{
    (void)state;
    assert_true(scratch_make(outside));
    assert_int_equal(in_confined_child(outside, 1, make_write_and_remove), 0);
    assert_true(scratch_remove(outside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_out_is_refused),
        cmocka_unit_test(debuggers_may_keep_everything),
        cmocka_unit_test(its_directory_stays_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
