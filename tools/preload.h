/* Locates libyieldsan.so, and sets the environment that preloads it. */
#ifndef TOOLS_PRELOAD_H
#define TOOLS_PRELOAD_H

#include <limits.h>
#include <stdbool.h>

#include "elf_kind.h"

/*
 * $YIELDSAN_LIBRARY, or beside this executable, or in its ../lib. If there is none, prints the
 * reason and returns false.
 */
bool preload_find(char library[PATH_MAX]);

/* Sets this process's own environment, which the programs that it starts inherit. */
void preload_set(const char *library, const struct elf_kind *kind, const char *options);

/* Sets the options only: `yieldsan exec-watched` preloads the library later. */
void preload_set_options(const char *options);

/* Restores the state before preload_set. */
void preload_unset(void);

#endif
