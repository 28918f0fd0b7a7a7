/* uthash with our allocator: by default it calls malloc and ends the process with status -1. */
#ifndef DEBUG_INFO_HASH_H
#define DEBUG_INFO_HASH_H

#include "memory.h"

#define uthash_malloc(size)	  memory_get(size)
#define uthash_free(memory, size) free(memory)
#define uthash_fatal(message)	  memory_exhausted()
#include <uthash.h>

#endif
