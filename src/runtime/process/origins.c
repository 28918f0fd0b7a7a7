#include "origins.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "descriptors.h"
#include "runtime/base/memory.h"
#include "runtime/base/thread.h"

#define THREADS 1024 /* by hash; a replaced thread counts as serving many */

static uint8_t *origins;    /* by descriptor; only used pages take memory */
static int32_t *other_ends; /* for pairs: the other end */
static bool made_for_client;
static pthread_t made_threads[THREADS];
static bool has_made_threads;

static bool is_connection(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	return !getpeername(fd, (struct sockaddr *)&address, &size) &&
	       (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

bool origins_init(void)
{
	origins = memory_map(MAX_DESCRIPTORS);
	other_ends = memory_map(MAX_DESCRIPTORS * sizeof *other_ends);
	made_for_client = is_connection(0);
	return origins && other_ends;
}

static bool has_place(int fd)
{
	return origins && other_ends && fd >= 0 && fd < MAX_DESCRIPTORS;
}

void origin_set(int fd, enum origin origin)
{
	/* Write only changes: pages of high descriptors stay untouched. */
	if (has_place(fd) && !this_thread.vforked && origins[fd] != origin)
		origins[fd] = origin;
}

void origin_set_pair(const int fds[2])
{
	if (!has_place(fds[0]) || !has_place(fds[1]) || this_thread.vforked)
		return;
	origins[fds[0]] = origins[fds[1]] = ORIGIN_PAIR;
	other_ends[fds[0]] = fds[1];
	other_ends[fds[1]] = fds[0];
}

enum origin origin_of(int fd)
{
	return has_place(fd) ? origins[fd] : ORIGIN_UNKNOWN;
}

bool origin_has_other_end(int fd)
{
	int other = other_ends[fd];

	/* The number of the other end may have been reused for something else. */
	return origin_of(other) == ORIGIN_PAIR && other_ends[other] == fd &&
	       descriptor_get(other).subject != SUBJECT_NONE;
}

static pthread_t *origin_place_of(pthread_t thread)
{
	return &made_threads[thread / 4096 % THREADS];
}

void origins_thread_made(pthread_t thread)
{
	if (this_thread.vforked)
		return;
	if (this_thread.accepts) {
		has_made_threads = true;
		*origin_place_of(thread) = thread;
	} else if (has_made_threads && pthread_equal(*origin_place_of(thread), thread)) {
		*origin_place_of(thread) = 0;
	}
}

void origins_forked(void)
{
	made_for_client |= this_thread.accepts;
	if (has_made_threads && pthread_equal(*origin_place_of(pthread_self()), pthread_self()))
		made_for_client = true;
	has_made_threads = false;
}

bool origins_serve_one_client(void)
{
	return !this_thread.accepts &&
	       (made_for_client ||
		(has_made_threads &&
		 pthread_equal(*origin_place_of(pthread_self()), pthread_self())));
}
