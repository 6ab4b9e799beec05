/* Threads that meet the first mail of their process together, as a mailbox's run and someone who tries it out do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_thread.h"
#include "intake_mail_mime.h"

#define PROCESSES 40 /* what a library does at its first use happens once in each */
#define THREADS 8

struct reader {
    struct base_thread thread;
    bool good;
};

static struct base_mutex start_mutex;

static void read_mail(void *context)
{
    static const char mail[] =
        "From: =?utf-8?q?Ola?= <ola@example.com>\r\nSubject: Zip\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nThe zip br=F8ke.\r\n--b--\r\n";
    struct reader *reader = context;
    struct arena *arena = arena_new(NULL);
    struct intake_mail parsed;
    struct fail fail;
    base_lock(&start_mutex); /* held until every thread stands here */
    base_unlock(&start_mutex);
    reader->good =
        intake_mail_parse(str_from_c(mail), arena, &parsed, &fail) && str_is(parsed.subject, "Zip");
    arena_free(arena);
}

static bool read_together(void)
{
    struct reader readers[THREADS] = {0};
    struct fail fail;
    bool good = true;
    base_mutex_init(&start_mutex);
    base_lock(&start_mutex);
    for (size_t i = 0; i < THREADS; i++) {
        good = base_thread_start(&readers[i].thread, "mail", read_mail, &readers[i], &fail) && good;
    }
    base_unlock(&start_mutex);
    for (size_t i = 0; i < THREADS; i++) {
        base_thread_join(&readers[i].thread);
        good = readers[i].good && good;
    }
    base_mutex_done(&start_mutex);
    return good;
}

static void first_mails_are_read_by_many_threads(void **state)
{
    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        pid_t child = fork();
        assert_int_not_equal(child, -1);
        if (child == 0) {
            _exit(read_together() ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_mails_are_read_by_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
