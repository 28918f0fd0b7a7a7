/*
 * What libunwind calls when it is linked into the library, answered by us: it allocates from our
 * own mapping and takes no lock (unwind_ask.c lets one thread in at a time), so it has no effect on
 * the program. tools/libunwind.sh includes this before each of its files; libc's headers precede
 * the definitions.
 */
#ifndef RUNTIME_LIBUNWIND_CALLS_H
#define RUNTIME_LIBUNWIND_CALLS_H

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/memory.h"

/* Only at start-up, and NULL when there is none; nothing is given back. */
#define malloc(size)		      memory_map(size)
#define calloc(count, size)	      memory_map((count) * (size))
#define free(block)		      ((void)(block))
#define mmap(address, size, ...)      memory_map(size)
#define munmap(address, size)	      0
#define sigfillset(set)		      ((void)memset(set, 0xff, sizeof *(set)))
#define getpagesize()		      MEMORY_PAGE
#define sysconf(name)		      ((long)MEMORY_PAGE)
#define write(fd, text, size)	      0
#define pthread_mutex_init(lock, how) 0
#define pthread_mutex_lock(lock)      0
#define pthread_mutex_unlock(lock)    0

#endif
