/* The operating system, as far as the command needs it.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* TIOCGWINSZ */

#include "platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

static atomic_bool interrupts_deferred;
static atomic_int interrupt_signal;
static _Atomic(oc_trainer *) interrupt_trainer;

static void on_signal(int number) {
    if (!atomic_load(&interrupts_deferred) || atomic_exchange(&interrupt_signal, number) != 0) _exit(128 + number);
    oc_trainer *trainer = atomic_load(&interrupt_trainer);
    if (trainer != NULL) oc_trainer_cancel(trainer);
}

void platform_start(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        int opened = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        if (opened >= 0 && opened != fd) close(opened);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < N_ENDING_SIGNALS; i++) {
        struct sigaction action = {0}, before = {0};
        action.sa_handler = on_signal;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        /* nohup, and a shell that starts a job in the background, have a reason to ignore a signal. */
        if (sigaction(ending_signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(ending_signals[i], &action, NULL);
    }
}

void platform_defer_interrupts(void) { atomic_store(&interrupts_deferred, true); }

int platform_interrupt(void) { return atomic_load(&interrupt_signal); }

void platform_interrupt_trainer(oc_trainer *trainer) {
    atomic_store(&interrupt_trainer, trainer);
    if (trainer != NULL && platform_interrupt() != 0) oc_trainer_cancel(trainer);
}

/* The handler then only ever runs on the main thread, so it cannot hold a trainer that the main thread is freeing. */
static void change_signals(int how) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < N_ENDING_SIGNALS; i++) sigaddset(&set, ending_signals[i]);
    pthread_sigmask(how, &set, NULL);
}

void platform_hold_signals(void) { change_signals(SIG_BLOCK); }

void platform_release_signals(void) { change_signals(SIG_UNBLOCK); }

bool platform_is_terminal(FILE *stream) { return isatty(fileno(stream)) == 1; }

size_t platform_columns(void) {
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

double platform_seconds(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

path_kind platform_path_kind(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return PATH_MISSING;
    return S_ISREG(status.st_mode) ? PATH_FILE : S_ISDIR(status.st_mode) ? PATH_FOLDER : PATH_OTHER;
}

bool platform_same_path(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool platform_may_write(const char *folder) { return access(folder, W_OK | X_OK) == 0; }

int64_t platform_file_size(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

char *platform_parent(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return text_format(".");
    return text_format("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

bool platform_list_folder(text_list *names, const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) return false;
    errno = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') text_list_add(names, text_format("%s", entry->d_name));
        errno = 0;
    }
    int failure = errno;
    closedir(folder);
    text_list_sort(names);
    errno = failure;
    return failure == 0;
}

static bool is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

void platform_walk(text_list *files, text_list *unreadable, const char *folder) {
    text_list waiting = {0}; /* a stack: the next path is its last */
    text_list_add(&waiting, text_format("%s", folder));
    bool first = true;
    while (waiting.n > 0) {
        char *path = waiting.items[--waiting.n];
        path_kind kind = platform_path_kind(path);
        if (kind == PATH_FOLDER && (first || !is_link(path))) {
            text_list names = {0};
            if (!platform_list_folder(&names, path)) text_list_add(unreadable, text_format("%s: %s", path, strerror(errno)));
            const char *between = path[strlen(path) - 1] == '/' ? "" : "/";
            for (size_t i = names.n; i > 0; i--)
                text_list_add(&waiting, text_format("%s%s%s", path, between, names.items[i - 1]));
            text_list_free(&names);
        } else if (kind == PATH_FILE) {
            text_list_add(files, path);
            path = NULL;
        }
        first = false;
        free(path);
    }
    text_list_free(&waiting);
}

size_t platform_read_input(void *data, size_t size) {
    ssize_t got;
    do got = read(STDIN_FILENO, data, size);
    while (got < 0 && errno == EINTR && !platform_interrupt());
    return got > 0 ? (size_t)got : 0;
}
