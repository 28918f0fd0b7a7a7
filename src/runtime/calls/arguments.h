/* What a call's arguments say about whether it can wait. Only used in watched turns and loop waits.
 */
#ifndef RUNTIME_CALLS_ARGUMENTS_H
#define RUNTIME_CALLS_ARGUMENTS_H

#include <aio.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

#include "runtime/modules/readable.h"

/* Whether the time is not zero. NULL gives `none`: an endless wait for most calls. */
bool timespec_waits(const struct timespec *time, bool none);
bool timeval_waits(const struct timeval *time, bool none);

/*
 * A sleep's duration or, with TIMER_ABSTIME, a time in the future: CPython's sleep(0) sleeps until
 * now.
 */
bool clock_sleep_waits(clockid_t clock, int flags, const struct timespec *time);

/*
 * The timed lock calls reject an invalid deadline before they look at the lock: leave that to them.
 */
bool deadline_is_valid(clockid_t clock, const struct timespec *deadline);

/*
 * Waits without WNOHANG. `pid`: the child asked for, which now has a waiter; otherwise 0 or less.
 */
bool child_is_awaited(pid_t pid, int options);

/* A numeric address needs no look-up. */
bool host_is_numeric(const char *name);

/* localhost, or this host's own name: usually resolved without a network request. */
bool host_is_local(const char *name);

/* The loopback address: as a local name. */
bool host_address_is_local(const struct sockaddr *address, socklen_t size);
bool host_bytes_are_local(const void *address, socklen_t size, int family);
bool host_needs_lookup(const char *name, const struct addrinfo *hints);

bool semaphore_operations_wait(const struct sembuf *operations, size_t count);

/*
 * Another thread runs the initialisation. If the calling thread runs it, that is the program's
 * code, not a wait.
 */
bool once_in_progress(const void *once);

/* Whether the file system may have to be asked for the position. */
bool seek_asks(int from);

/* Waits for output; for a file, the file system may block. */
bool ioctl_waits(int fd, unsigned long request);

/* Waits for another's lock, or queries it, which may need a reply from a file server. */
bool fcntl_waits(int command);

/* Whether threads have yet to leave it. */
bool condition_is_used(const void *condition);

/* Of the two descriptors of a transfer, the one that can wait. */
int slower_descriptor(int in, int out);

/* Files may be flushed and terminals drained; a socket waits only with SO_LINGER. */
bool close_may_wait(int fd);

/*
 * Takes the semaphore or is cancelled as in the real call, and preserves errno. Returns 0, or
 * EBUSY.
 */
int semaphore_try(void *semaphore);

/* Waits until a CLOCK_MONOTONIC time: ETIMEDOUT if it passes, otherwise as sem_wait. */
int semaphore_until(void *semaphore, const struct timespec *limit);

#endif
