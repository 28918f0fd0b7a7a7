/*
 * Debug files from the servers in DEBUGINFOD_URLS; without that variable no request is made. Only
 * then is elfutils' client library loaded (debuginfod.h), which caches what it got
 * (debuginfod-client-config(7) documents where, and further settings).
 */
#ifndef DEBUG_INFO_DEBUGINFOD_H
#define DEBUG_INFO_DEBUGINFOD_H

#include <stdbool.h>

#include "elf_file.h"

/* -ENOENT if no server has it, -ENOSYS without servers or without the library. */
int debuginfod_open(struct elf_file *file, const uint8_t *build_id, size_t build_id_size);

bool debuginfod_is_wanted(void);  /* servers are named */
bool debuginfod_is_missing(void); /* and the library is not installed */

#endif
