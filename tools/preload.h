/* Where libyieldsan.so is, and the environment that brings it into a program. */
#ifndef TOOLS_PRELOAD_H
#define TOOLS_PRELOAD_H

#include <limits.h>
#include <stdbool.h>

#include "elf_kind.h"

/*
 * $YIELDSAN_LIBRARY, or beside this executable, or in ../lib of it. Prints why not and returns
 * false when there is none.
 */
bool preload_find(char library[PATH_MAX]);

/* In this process's own environment, which a program started by it inherits. */
void preload_set(const char *library, const struct elf_kind *kind, const char *options);

/* The options alone: what is started by `yieldsan exec-watched` later brings the library in. */
void preload_set_options(const char *options);

/* As it was before preload_set. */
void preload_unset(void);

#endif
