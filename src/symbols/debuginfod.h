/*
 * Debug files from the servers in DEBUGINFOD_URLS; without that variable no request is made. Only
 * then is elfutils' client library loaded (debuginfod.h), or a program of its own started that asks
 * the servers. Both cache what they got (debuginfod-client-config(7) documents where, and further
 * settings).
 */
#ifndef DEBUG_INFO_DEBUGINFOD_H
#define DEBUG_INFO_DEBUGINFOD_H

#include <stdbool.h>

#include "elf_file.h"

/* -ENOENT if no server has it, -ENOSYS without servers or without a way to ask them. */
int debuginfod_open(struct elf_file *file, const uint8_t *build_id, size_t build_id_size);

bool debuginfod_is_wanted(void);  /* servers are named */
bool debuginfod_is_missing(void); /* and there is no way to ask them */

#endif
