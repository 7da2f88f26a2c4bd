#define _GNU_SOURCE
#include "ls_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__)
static void end(int code, void *unused) {
    (void)unused;
    fflush(NULL);
    _exit(code);
}

// Handlers run in the opposite order, so this one comes before those of libraries.
void ls_end_at_once(void) { on_exit(end, NULL); }
#else
void ls_end_at_once(void) {}
#endif

#if defined(__GLIBC__)
#include <malloc.h>
// Without pages of their own, arrays come from the heap; and the heap's free end is kept.
void ls_keep_memory(void) {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
}
#else
void ls_keep_memory(void) {}
#endif

static const char *explanation;
static int explained_code;

static void explain(int signal) {
    (void)signal;
    ssize_t put = write(STDERR_FILENO, explanation, strlen(explanation));
    (void)put;
    _exit(explained_code);
}

void ls_explain_abort(const char *text, int code) {
    explanation = text;
    explained_code = code;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = explain;
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
}
