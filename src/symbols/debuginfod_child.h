/*
 * Debug files by a program of its own, where elfutils' client library cannot be loaded:
 * debuginfod-find of elfutils, else curl with a file in the same cache.
 */
#ifndef DEBUG_INFO_DEBUGINFOD_CHILD_H
#define DEBUG_INFO_DEBUGINFOD_CHILD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether one of the programs is installed. */
bool debuginfod_child_is_there(void);

/* The path of the debug file. -ENOENT if no server has it, -ENOSYS without a program. */
int debuginfod_child_find(char path[PATH_MAX], const uint8_t *build_id, size_t build_id_size);

#endif
