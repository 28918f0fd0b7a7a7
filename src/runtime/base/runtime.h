/* The state of the runtime in this process. */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/options.h"

/* Set at the end of start-up. Until then wrappers only forward. */
extern bool runtime_started;

/* We make no more system calls: a seccomp filter may kill the process for them. */
extern bool runtime_silent;

extern struct options runtime_options;

/* CLOCK_MONOTONIC, in ns. */
uint64_t now_ns(void);

#endif
