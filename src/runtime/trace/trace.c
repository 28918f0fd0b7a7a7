#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/libc/real.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "trace_records.h"

/* To wait while another thread makes the trace, which may have lost its processor: rounds without
 * one's own, and then of 0.1 ms. What a thread does that gives up is not watched. */
#define SPINS	 1000
#define PATIENCE 50000

/* While it is being made, with the maker's number above these bits. */
enum trace_state { TRACE_NONE, TRACE_BEING_MADE, TRACE_MADE, TRACE_IMPOSSIBLE };

#define TRACE_STATE_BITS 2

static int state;
static struct trace_header *header;
static char path[4096 + 256];
static char empty_path[sizeof path]; /* of the file that found no room */
static int file_error;
static bool had_turn;

struct trace_header *trace_header(void)
{
	return __atomic_load_n(&header, __ATOMIC_ACQUIRE);
}

int trace_file_error(void)
{
	return file_error;
}

const char *trace_path(void)
{
	return path;
}

/* Space that is there for good: a shared file, or when none can be had memory of this process. */
static void *map_file(int fd, size_t size)
{
	struct rlimit limit;
	void *map;

	/* Past the limit the kernel sends SIGXFSZ. */
	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur < size)
		return NULL;
	if (posix_fallocate(fd, 0, (off_t)size)) {
		(void)!ftruncate(fd, 0);
		return NULL;
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

static struct trace_header *map_trace(size_t *size)
{
	static const unsigned shrink[] = { 1, 4, 16, 64 };
	void *map = NULL;
	int fd;

	errno = ENAMETOOLONG;
	fd = trace_write_path(path, sizeof path)
		     ? -1
		     : real.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	file_error = errno;
	if (fd >= 0) {
		file_error = ENOSPC;
		for (unsigned i = 0; i < ARRAY_SIZE(shrink) && !map; i++) {
			*size = runtime_options.trace_size / shrink[i] & ~4095UL;
			map = map_file(fd, *size);
		}
		real.close(fd);
		if (map)
			return map;
		/* The empty file stays: it tells a reader that there was no room. */
		strcpy(empty_path, path);
	}
	path[0] = '\0';
	*size = runtime_options.trace_size / 4;
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return map == MAP_FAILED ? NULL : map;
}

static bool is_being_made(int now)
{
	return (now & ((1 << TRACE_STATE_BITS) - 1)) == TRACE_BEING_MADE;
}

/* The maker may be this very thread, under a signal handler. */
static bool wait_for_maker(int now)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	if (now >> TRACE_STATE_BITS == gettid())
		return false;
	for (int i = 0; i < PATIENCE && is_being_made(now); i++) {
		if (i < SPINS)
			__builtin_ia32_pause();
		else
			system_call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
		now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
	}
	return now == TRACE_MADE;
}

COLD static bool make(void)
{
	struct trace_header *made;
	int expected = TRACE_NONE;
	size_t size;

	if (runtime_silent)
		return false;
	if (!__atomic_compare_exchange_n(&state, &expected,
					 gettid() << TRACE_STATE_BITS | TRACE_BEING_MADE, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return is_being_made(expected) ? wait_for_maker(expected) : expected == TRACE_MADE;
	made = map_trace(&size);
	if (!made) {
		__atomic_store_n(&state, TRACE_IMPOSSIBLE, __ATOMIC_RELEASE);
		return false;
	}
	memcpy(made->magic, TRACE_MAGIC, sizeof made->magic);
	made->version = TRACE_VERSION;
	made->header_size = sizeof *made;
	made->file_size = size;
	made->used = sizeof *made;
	trace_write_start(made);
	__atomic_store_n(&header, made, __ATOMIC_RELEASE);
	trace_write_process();
	__atomic_store_n(&state, TRACE_MADE, __ATOMIC_RELEASE);
	return true;
}

bool trace_open(void)
{
	int now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);

	return now == TRACE_MADE || (now != TRACE_IMPOSSIBLE && make());
}

void trace_forget(void)
{
	if (header)
		munmap(header, header->file_size);
	header = NULL;
	path[0] = '\0';
	empty_path[0] = '\0';
	had_turn = false;
	state = TRACE_NONE;
	trace_forget_records();
}

void *trace_allocate(size_t size)
{
	struct trace_header *trace = trace_header();
	struct trace_record *record;
	uint64_t at;

	if (!trace)
		return NULL;
	size = (size + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	if (__atomic_load_n(&trace->used, __ATOMIC_RELAXED) + size > trace->file_size)
		return NULL;
	at = __atomic_fetch_add(&trace->used, size, __ATOMIC_RELAXED);
	if (at + size > trace->file_size)
		return NULL;
	record = (struct trace_record *)((char *)trace + at);
	record->size = (uint32_t)size;
	return record;
}

bool trace_has_room(unsigned eighths)
{
	const struct trace_header *trace = trace_header();

	return trace &&
	       __atomic_load_n(&trace->used, __ATOMIC_RELAXED) < trace->file_size / 8 * eighths;
}

void trace_publish(void *record, enum record_type type)
{
	__atomic_store_n(&((struct trace_record *)record)->type, type, __ATOMIC_RELEASE);
}

uint32_t trace_offset(const void *record)
{
	return (uint32_t)((const char *)record - (const char *)header);
}

void *trace_at(uint32_t offset)
{
	return (char *)header + offset;
}

void trace_lose_event(void)
{
	struct trace_header *trace = trace_header();

	if (trace)
		__atomic_fetch_add(&trace->lost_events, 1, __ATOMIC_RELAXED);
}

void trace_lose_site(void)
{
	struct trace_header *trace = trace_header();

	if (trace)
		__atomic_fetch_add(&trace->lost_sites, 1, __ATOMIC_RELAXED);
}

void trace_lose_error(void)
{
	struct trace_header *trace = trace_header();

	if (trace)
		__atomic_fetch_add(&trace->lost_errors, 1, __ATOMIC_RELAXED);
	trace_lose_event();
}

void trace_had_turn(void)
{
	had_turn = true;
	if (LIKELY(!empty_path[0]) || runtime_silent)
		return;
	system_call(SYS_chmod, (long)empty_path, 0600 | TRACE_LOST_MODE, 0, 0, 0, 0);
	empty_path[0] = '\0';
}

bool trace_is_lost_unmarked(void)
{
	return had_turn && !path[0] && file_error && file_error != ENOSPC;
}

void trace_remove(void)
{
	if (path[0])
		unlink(path);
	path[0] = '\0';
}
