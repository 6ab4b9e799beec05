#include "sql_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDING_STEP_US 1000
#define ENDING_STEPS 100

static int plan_descriptors(posix_spawn_file_actions_t *actions, int socket)
{
    int error = posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    return error == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1)
                      : error;
}

/* The server blocks and ignores signals that a program of its own must not inherit. */
static int plan_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, back;
    sigemptyset(&none);
    sigemptyset(&back);
    sigaddset(&back, SIGPIPE);
    sigaddset(&back, SIGTERM);
    sigaddset(&back, SIGINT);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &back);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int spawn(struct str zone, int socket, pid_t *out)
{
    char name[] = "firsthand", argument[] = SQL_CHILD_ARGUMENT, time_zone[128];
    snprintf(time_zone, sizeof time_zone, "TZ=%.*s", STR_ARG(zone));
    char *arguments[] = {name, argument, NULL};
    char *environment[] = {time_zone, NULL}; /* nothing of ours: it may hold secrets */
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int error = plan_descriptors(&actions, socket);
    error = error == 0 ? plan_signals(&attributes) : error;
    if (error == 0) {
        /* The running file, also where an update has put another in its place. */
        error = posix_spawn(out, "/proc/self/exe", &actions, &attributes, arguments, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

bool sql_child_start(struct str zone, struct sql_child *out, struct fail *fail)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return fail_set(fail, FAIL_BUSY, "no socket for the process that runs SQL: %s",
                        strerrordesc_np(errno));
    }
    pid_t pid;
    int error = spawn(zone, sockets[1], &pid);
    close(sockets[1]);
    if (error != 0 || fcntl(sockets[0], F_SETFL, O_NONBLOCK) != 0) {
        close(sockets[0]);
        return fail_set(fail, FAIL_BUSY, "the process that runs SQL cannot be started: %s",
                        strerrordesc_np(error));
    }
    *out = (struct sql_child){.pid = pid, .socket = sockets[0]};
    return true;
}

/* One that has closed its end is about to be over by itself; only then can be told what ended it. */
static bool reap(pid_t pid, int options, int *out_signal)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(pid, &status, options);
    } while (got < 0 && errno == EINTR);
    if (got == pid && WIFSIGNALED(status)) {
        *out_signal = WTERMSIG(status);
    }
    return got != 0;
}

void sql_child_end(struct sql_child *child, int *out_signal)
{
    *out_signal = 0;
    char byte;
    bool closed = recv(child->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    close(child->socket);
    for (int i = 0; closed && i < ENDING_STEPS; i++) {
        if (reap(child->pid, WNOHANG, out_signal)) {
            return;
        }
        usleep(ENDING_STEP_US);
    }
    int ours;
    kill(child->pid, SIGKILL);
    reap(child->pid, 0, &ours);
}
