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

/* How long: false for zero. NULL is `none`, an endless wait for most calls. */
bool timespec_waits(const struct timespec *time, bool none);
bool timeval_waits(const struct timeval *time, bool none);

/* A sleep's duration or, with TIMER_ABSTIME, a point of time that is still to come: CPython sleeps
 * until now plus nothing for sleep(0). */
bool clock_sleep_waits(clockid_t clock, int flags, const struct timespec *time);

/* What the timed lock calls refuse before they look at the lock is left to them. */
bool deadline_is_valid(clockid_t clock, const struct timespec *deadline);

/* Waits without WNOHANG. `pid`: the child that is asked for, which somebody has then; else 0 or
 * less.
 */
bool child_is_awaited(pid_t pid, int options);

/* An address in digits needs no look-up. */
bool host_is_numeric(const char *name);

/* localhost, or what this host calls itself: answered without asking anyone, as a rule. */
bool host_is_local(const char *name);
bool host_needs_lookup(const char *name, const struct addrinfo *hints);

bool semaphore_operations_wait(const struct sembuf *operations, size_t count);

/* An initialisation that another thread runs just now; our own is the program's code, not a wait.
 */
bool once_in_progress(const void *once);

/* Whether a file system may have to be asked for the place. */
bool seek_asks(int from);

/* Output is waited for; of a file the file system answers. */
bool ioctl_waits(int fd, unsigned long request);

/* Another's lock is waited for, or asked for: the latter a server of files may have to answer. */
bool fcntl_waits(int command);

/* Threads have yet to leave it. */
bool condition_is_used(const void *condition);

/* Of two descriptors of one transfer, the one that can wait. */
int slower_descriptor(int in, int out);

/* Files may be flushed and terminals drained; a socket waits only where SO_LINGER was asked for. */
bool close_may_wait(int fd);

/* Cancelled or taken as the real call would be, with errno as it was. 0, or EBUSY. */
int semaphore_try(void *semaphore);

/* Waits until a CLOCK_MONOTONIC time: ETIMEDOUT when that has come, else as sem_wait. */
int semaphore_until(void *semaphore, const struct timespec *limit);

#endif
