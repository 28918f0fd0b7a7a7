/* The C side of dynamic.S. */
#ifndef RUNTIME_CALLS_DYNAMIC_H
#define RUNTIME_CALLS_DYNAMIC_H

#include <stdbool.h>
#include <stdint.h>

bool dlopen_from_anywhere(const char *path, int mode, uintptr_t caller);
void *dlopen_watched(const char *path, int mode);
void dlmopen_begins(void);

#endif
