#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "runtime/trace/crowd.h"
#include "runtime/process/descriptors.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "runtime/tasks/task_leftovers.h"
#include "runtime/tasks/task_resources.h"
#include "call.h"
#include "judgement/limits.h"
#include "sockets.h"

#define NS_PER_S	1000000000
#define MOST_OPERATIONS 500 /* SEMOPM: more are refused */

bool timespec_waits(const struct timespec *time, bool none)
{
	if (!time)
		return none;
	return may_be_read(time, sizeof *time) && (time->tv_sec || time->tv_nsec);
}

bool timeval_waits(const struct timeval *time, bool none)
{
	if (!time)
		return none;
	return may_be_read(time, sizeof *time) && (time->tv_sec || time->tv_usec);
}

bool clock_sleep_waits(clockid_t clock, int flags, const struct timespec *time)
{
	struct timespec now;

	if (!timespec_waits(time, false) || time->tv_nsec < 0 || time->tv_nsec >= NS_PER_S)
		return false;
	if (!(flags & TIMER_ABSTIME))
		return time->tv_sec >= 0;
	if (real.clock_gettime(clock, &now))
		return false;
	return time->tv_sec > now.tv_sec ||
	       (time->tv_sec == now.tv_sec && time->tv_nsec > now.tv_nsec);
}

bool deadline_is_valid(clockid_t clock, const struct timespec *deadline)
{
	return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) &&
	       may_be_read(deadline, sizeof *deadline) && deadline->tv_nsec >= 0 &&
	       deadline->tv_nsec < NS_PER_S;
}

bool child_is_awaited(pid_t pid, int options)
{
	this_thread.awaited_child = pid > 0 ? pid : 0;
	if (UNLIKELY(task_resources_kept) && pid > 0)
		task_child_used(pid, !(options & WNOHANG));
	return !(options & WNOHANG);
}

bool host_is_numeric(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];
	char plain[INET6_ADDRSTRLEN];
	const char *scope;
	size_t length;

	if (!name)
		return true;
	if (inet_pton(AF_INET, name, address) == 1)
		return true;
	scope = strchr(name, '%');
	length = scope ? (size_t)(scope - name) : strlen(name);
	if (length >= sizeof plain)
		return false;
	memcpy(plain, name, length);
	plain[length] = '\0';
	return inet_pton(AF_INET6, plain, address) == 1;
}

bool host_is_local(const char *name)
{
	struct utsname own;

	if (!name || !*name)
		return false;
	if (!strcasecmp(name, "localhost") || !strcasecmp(name, "localhost.localdomain") ||
	    !strcasecmp(name, "ip6-localhost") || !strcasecmp(name, "ip6-loopback"))
		return true;
	return !uname(&own) && !strcasecmp(name, own.nodename);
}

bool host_bytes_are_local(const void *address, socklen_t size, int family)
{
	struct in6_addr six;

	if (family == AF_INET && size >= sizeof(struct in_addr))
		return *(const unsigned char *)address == IN_LOOPBACKNET;
	if (family != AF_INET6 || size < sizeof six)
		return false;
	memcpy(&six, address, sizeof six);
	return IN6_IS_ADDR_LOOPBACK(&six) ||
	       (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == IN_LOOPBACKNET);
}

bool host_address_is_local(const struct sockaddr *address, socklen_t size)
{
	if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in))
		return host_bytes_are_local(&((const struct sockaddr_in *)address)->sin_addr,
					    sizeof(struct in_addr), AF_INET);
	return address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6) &&
	       host_bytes_are_local(&((const struct sockaddr_in6 *)address)->sin6_addr,
				    sizeof(struct in6_addr), AF_INET6);
}

bool host_needs_lookup(const char *name, const struct addrinfo *hints)
{
	if (hints && hints->ai_flags & AI_NUMERICHOST)
		return false;
	return !host_is_numeric(name);
}

bool semaphore_operations_wait(const struct sembuf *operations, size_t count)
{
	if (count > MOST_OPERATIONS || !may_be_read(operations, count * sizeof *operations))
		return false;
	for (size_t i = 0; i < count; i++)
		if (operations[i].sem_op <= 0 && !(operations[i].sem_flg & IPC_NOWAIT))
			return true;
	return false;
}

bool once_in_progress(const void *once)
{
	/* glibc, nptl/pthread_once.c: bit 0 in progress, bit 1 done, the fork generation above. */
	return (__atomic_load_n((const int *)once, __ATOMIC_RELAXED) & 3) == 1;
}

bool seek_asks(int from)
{
	return from != SEEK_SET && from != SEEK_CUR;
}

bool ioctl_waits(int fd, unsigned long request)
{
	switch (request) {
	case TCSBRK:
	case TCSBRKP:
	case TCSETSW:
	case TCSETSF:
		return true;
	case FIOCLEX: /* the kernel's own, of any descriptor: ioctl_list(2) */
	case FIONCLEX:
	case FIONBIO:
	case FIOASYNC:
		return false;
	}
	switch (descriptor_get(fd).subject) {
	case SUBJECT_REGULAR_FILE:
	case SUBJECT_DIRECTORY:
		return true;
	default:
		return false;
	}
}

bool fcntl_waits(int command)
{
	return command == F_SETLKW || command == F_OFD_SETLKW || command == F_GETLK ||
	       command == F_OFD_GETLK;
}

bool condition_is_used(const void *condition)
{
	return libc_condition_is_used(condition);
}

int slower_descriptor(int in, int out)
{
	struct descriptor known = descriptor_get(in);

	if (known.subject == SUBJECT_REGULAR_FILE || !known.nonblocking)
		return in;
	return out;
}

bool close_may_wait(int fd)
{
	if (fd < 0)
		return false;
	switch (descriptor_get(fd).subject) {
	case SUBJECT_REGULAR_FILE:
	case SUBJECT_TERMINAL:
	case SUBJECT_DEVICE:
		return true;
	case SUBJECT_SOCKET:
		return socket_linger_was_asked;
	default:
		return false;
	}
}

int semaphore_until(void *semaphore, const struct timespec *limit)
{
	int saved = errno;

	if (!real.sem_clockwait(semaphore, CLOCK_MONOTONIC, limit))
		return 0;
	if (errno != ETIMEDOUT)
		return -1;
	errno = saved;
	return ETIMEDOUT;
}

int semaphore_try(void *semaphore)
{
	int saved = errno;

	/* A cancellation point even when the semaphore is free: glibc, nptl/sem_wait.c. */
	pthread_testcancel();
	if (!sem_trywait(semaphore))
		return 0;
	errno = saved;
	return EBUSY;
}
