/*
 * Debug files from the servers that DEBUGINFOD_URLS names; without that variable nothing is asked.
 * The library that asks them (elfutils, debuginfod.h) is loaded then alone, and keeps what it got
 * (debuginfod-client-config(7) tells where, and what else can be set).
 */
#ifndef DEBUG_INFO_DEBUGINFOD_H
#define DEBUG_INFO_DEBUGINFOD_H

#include <stdbool.h>

#include "elf_file.h"

/* -ENOENT when no server has it, -ENOSYS without servers or without the library. */
int debuginfod_open(struct elf_file *file, const uint8_t *build_id, size_t build_id_size);

bool debuginfod_is_wanted(void);  /* servers are named */
bool debuginfod_is_missing(void); /* and the library is not installed */

#endif
