#include "stand_ins.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "runtime/libc/call_info.h"
#include "runtime/libc/real.h"

#define SECOND 1000000000L
#define STAT_VERSION                                                                               \
	1 /* of struct stat on x86-64: glibc 2.32, sysdeps/unix/sysv/linux/x86/bits/stat.h */

/* Until glibc 2.33 these were inline functions in its headers. */
static int stand_in_stat(const char *path, struct stat *status)
{
	return real.__xstat(STAT_VERSION, path, status);
}

static int stand_in_lstat(const char *path, struct stat *status)
{
	return real.__lxstat(STAT_VERSION, path, status);
}

static int stand_in_fstat(int fd, struct stat *status)
{
	return real.__fxstat(STAT_VERSION, fd, status);
}

static int stand_in_fstatat(int directory, const char *path, struct stat *status, int flags)
{
	return real.__fxstatat(STAT_VERSION, directory, path, status, flags);
}

/*
 * Until glibc 2.30 all deadlines were those of CLOCK_REALTIME. A step of that clock moves a
 * deadline: our own waits have short ones, and are repeated.
 */
static struct timespec real_deadline(clockid_t clock, const struct timespec *deadline)
{
	struct timespec result, there;

	if (clock == CLOCK_REALTIME)
		return *deadline;
	libc_clock_gettime(clock, &there);
	libc_clock_gettime(CLOCK_REALTIME, &result);
	result.tv_sec += deadline->tv_sec - there.tv_sec;
	result.tv_nsec += deadline->tv_nsec - there.tv_nsec;
	if (result.tv_nsec < 0) {
		result.tv_nsec += SECOND;
		result.tv_sec--;
	} else if (result.tv_nsec >= SECOND) {
		result.tv_nsec -= SECOND;
		result.tv_sec++;
	}
	return result;
}

static int stand_in_clocklock(pthread_mutex_t *mutex, clockid_t clock,
			      const struct timespec *deadline)
{
	struct timespec until = real_deadline(clock, deadline);

	return real.pthread_mutex_timedlock(mutex, &until);
}

static int stand_in_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
				const struct timespec *deadline)
{
	struct timespec until = real_deadline(clock, deadline);

	return real.pthread_rwlock_timedrdlock(lock, &until);
}

static int stand_in_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
				const struct timespec *deadline)
{
	struct timespec until = real_deadline(clock, deadline);

	return real.pthread_rwlock_timedwrlock(lock, &until);
}

static int stand_in_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
	struct timespec until = real_deadline(clock, deadline);

	return real.sem_timedwait(semaphore, &until);
}

void *stand_in_for(int call)
{
	switch (call) {
	case CALL_stat:
	case CALL_stat64:
		return (void *)stand_in_stat;
	case CALL_lstat:
	case CALL_lstat64:
		return (void *)stand_in_lstat;
	case CALL_fstat:
	case CALL_fstat64:
		return (void *)stand_in_fstat;
	case CALL_fstatat:
	case CALL_fstatat64:
		return (void *)stand_in_fstatat;
	case CALL_pthread_mutex_clocklock:
		return (void *)stand_in_clocklock;
	case CALL_pthread_rwlock_clockrdlock:
		return (void *)stand_in_clockrdlock;
	case CALL_pthread_rwlock_clockwrlock:
		return (void *)stand_in_clockwrlock;
	case CALL_sem_clockwait:
		return (void *)stand_in_clockwait;
	default:
		return NULL;
	}
}
