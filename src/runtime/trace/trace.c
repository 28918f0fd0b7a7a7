#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/memory.h"
#include "runtime/libc/real.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "trace_records.h"
#include "shared/arch/arch.h"

/*
 * Wait for another thread to make the trace: rounds of spinning, then of 0.1 ms sleeps in case that
 * thread is not scheduled. A thread that gives up is not watched.
 */
#define SPINS	 1000
#define PATIENCE 50000

#define RESERVE	 (1 << 20) /* for records written after a seccomp filter */

/* While it is being made, the maker's tid is above these bits. */
enum trace_state { TRACE_NONE, TRACE_BEING_MADE, TRACE_MADE, TRACE_IMPOSSIBLE };

#define TRACE_STATE_BITS 2

static int state;
static struct trace_header *header;
static char path[4096 + 256];
static char empty_path[sizeof path];   /* path of the file that had no room */
static char removed_path[sizeof path]; /* path removed before an exec, which may fail */
static int file_error;
static bool had_turn;
static bool cut; /* the file was truncated */
static size_t mapped;
static uint64_t space; /* bytes of the trace with allocated disk space */
static bool is_child;  /* of a process that had this runtime; it may have had no trace */

#define FIRST_SPACE (64 << 10)
#define CHILD_SPACE (16 << 10) /* of a forked child, which often serves one client: 9 KiB */
#define SPACE_STEP  (64 << 10)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

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

/* Writes the first zeros, for which the file system must find room. */
static bool has_first_space(int fd, size_t size)
{
	static const char zeros[4096];
	struct iovec pages[FIRST_SPACE / sizeof zeros];

	for (unsigned i = 0; i < size / sizeof zeros; i++)
		pages[i] = (struct iovec){ (void *)zeros, sizeof zeros };
	return real.pwritev(fd, pages, (int)(size / sizeof zeros), 0) == (ssize_t)size;
}

/*
 * Allocates disk space: storing into a hole on a full disk raises SIGBUS; this returns an error
 * instead.
 */
static bool trace_make_space(void *from, size_t size)
{
	return !system_call(SYS_madvise, (long)from, (long)size, MADV_POPULATE_WRITE, 0, 0, 0);
}

/*
 * Maps a shared file; its disk space is allocated as it is used. Disables fault-around: by default
 * the kernel maps 32 pages of a hole for each one touched, 60 us instead of 4. A kernel before 5.14
 * cannot allocate space in a mapping: there it is allocated at once.
 */
static void *trace_map_file(int fd, size_t size)
{
	size_t first = is_child ? CHILD_SPACE : FIRST_SPACE;
	struct rlimit limit;
	char *map;

	/* Beyond this limit the kernel sends SIGXFSZ. */
	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur < size || size < FIRST_SPACE)
		return NULL;
	map = MAP_FAILED;
	if (has_first_space(fd, first) && !ftruncate(fd, (off_t)size))
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		madvise(map, size, MADV_RANDOM);
		space = trace_make_space(map, 4096)	      ? first
			: posix_fallocate(fd, 0, (off_t)size) ? 0
							      : size;
		if (space)
			return map;
		munmap(map, size);
	}
	(void)!ftruncate(fd, 0);
	return NULL;
}

/* Allocates disk space up to `end`. False if there is none: then the trace is full. */
COLD static bool trace_grow(struct trace_header *trace, uint64_t end)
{
	uint64_t from = __atomic_load_n(&space, __ATOMIC_ACQUIRE), to;

	if (from >= end)
		return true;
	to = (end + SPACE_STEP - 1) & ~(uint64_t)(SPACE_STEP - 1);
	if (to > trace->file_size)
		to = trace->file_size;
	if (!trace_make_space((char *)trace + from, to - from)) {
		__atomic_store_n(&trace->file_size, from,
				 __ATOMIC_RELEASE); /* the trace ends there */
		return false;
	}
	while (from < to && !__atomic_compare_exchange_n(&space, &from, to, true, __ATOMIC_ACQ_REL,
							 __ATOMIC_ACQUIRE))
		;
	return true;
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
			map = trace_map_file(fd, *size);
		}
		real.close(fd);
		if (map)
			return map;
		/* The empty file stays: it shows a reader that there was no room. */
		strcpy(empty_path, path);
	}
	path[0] = '\0';
	*size = runtime_options.trace_size / 4;
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	space = *size;
	return map == MAP_FAILED ? NULL : map;
}

static bool is_being_made(int now)
{
	return (now & ((1 << TRACE_STATE_BITS) - 1)) == TRACE_BEING_MADE;
}

/* The maker may be this very thread, interrupted by a signal handler. */
static bool wait_for_maker(int now)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	if (now >> TRACE_STATE_BITS == thread_tid())
		return false;
	for (int i = 0; i < PATIENCE && is_being_made(now); i++) {
		if (i < SPINS)
			arch_pause();
		else
			system_call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
		now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
	}
	return now == TRACE_MADE;
}

COLD static bool trace_make_file(void)
{
	struct trace_header *made;
	int expected = TRACE_NONE;
	size_t size;

	if (runtime_silent)
		return false;
	if (!__atomic_compare_exchange_n(&state, &expected,
					 thread_tid() << TRACE_STATE_BITS | TRACE_BEING_MADE, false,
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
	made->file_size = mapped = size;
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

	return now == TRACE_MADE || (now != TRACE_IMPOSSIBLE && trace_make_file());
}

void trace_forget(void)
{
	if (header)
		system_call(SYS_munmap, (long)header, (long)mapped, 0, 0, 0, 0);
	header = NULL;
	memory_zero(path, 1);
	memory_zero(empty_path, 1);
	memory_zero(removed_path, 1);
	had_turn = false;
	cut = false;
	state = TRACE_NONE;
	space = 0;
	is_child = true;
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
	if (at + size > trace->file_size ||
	    (UNLIKELY(at + size > __atomic_load_n(&space, __ATOMIC_ACQUIRE)) &&
	     !trace_grow(trace, at + size)))
		return NULL;
	record = (struct trace_record *)((char *)trace + at);
	__atomic_store_n(&record->size, (uint32_t)size, __ATOMIC_RELAXED);
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

const struct trace_record *trace_next_record(uint64_t *at)
{
	const struct trace_header *trace = trace_header();
	uint64_t end = __atomic_load_n(&trace->used, __ATOMIC_ACQUIRE);

	/* `used` may exceed what fits. */
	if (end > trace->file_size)
		end = trace->file_size;
	while (*at + sizeof(struct trace_record) <= end) {
		const struct trace_record *record = trace_at((uint32_t)*at);

		uint32_t size = __atomic_load_n(&record->size, __ATOMIC_RELAXED);

		/* Another thread is allocating it right now. */
		if (!size)
			return NULL;
		*at += size;
		if (__atomic_load_n(&record->type, __ATOMIC_ACQUIRE) != RECORD_UNFINISHED)
			return record;
	}
	return NULL;
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
	__atomic_store_n(&had_turn, true, __ATOMIC_RELAXED);
	if (LIKELY(!empty_path[0]) || runtime_silent)
		return;
	system_call(SYS_chmod, (long)empty_path, 0600 | TRACE_LOST_MODE, 0, 0, 0, 0);
	empty_path[0] = '\0';
}

bool trace_is_lost_unmarked(void)
{
	return had_turn && !path[0] && file_error && file_error != ENOSPC;
}

bool trace_was_cut(uintptr_t address)
{
	struct trace_header *trace = trace_header();

	if (!trace || address - (uintptr_t)trace >= mapped)
		return false;
	if (__atomic_exchange_n(&cut, true, __ATOMIC_ACQ_REL) && !path[0])
		return true; /* another thread was first */
	/* Even behind a seccomp filter: otherwise the process ends in any case. */
	if (system_call_always(SYS_mmap, (long)trace, (long)mapped, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (long)trace)
		return false;
	if (path[0])
		system_call(SYS_chmod, (long)path, 0600 | TRACE_CUT_MODE, 0, 0, 0, 0);
	path[0] = '\0';
	file_error = ENODATA;
	return true;
}

void trace_reserve(void)
{
	struct trace_header *trace = trace_header();
	uint64_t end;

	if (!trace)
		return;
	end = __atomic_load_n(&trace->used, __ATOMIC_RELAXED) + RESERVE;
	trace_grow(trace, end < trace->file_size ? end : trace->file_size);
}

void trace_give_up_calls(void)
{
	runtime_silent = true;
	if (trace_header())
		__atomic_fetch_or(&trace_header()->flags, TRACE_SECCOMP, __ATOMIC_RELAXED);
}

void trace_remove(void)
{
	if (path[0] && !unlink(path))
		strcpy(removed_path, path);
	path[0] = '\0';
}

/* Writes the used part into a new file with the old name. */
static bool write_again(int fd)
{
	return real.write(fd, header, space) == (ssize_t)space && !ftruncate(fd, (off_t)mapped);
}

void trace_bring_back(void)
{
	void *map = MAP_FAILED;
	int fd;

	if (!removed_path[0] || runtime_silent)
		return;
	fd = real.open(removed_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && write_again(fd))
		map = mmap(header, mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (fd >= 0)
		real.close(fd);
	if (map != MAP_FAILED) {
		madvise(map, mapped, MADV_RANDOM);
		strcpy(path, removed_path);
	}
	removed_path[0] = '\0';
}

bool trace_anyone_may_make(void)
{
	struct stat status;

	return !system_call(SYS_stat, (long)trace_directory(), (long)&status, 0, 0, 0, 0) &&
	       status.st_mode & S_IWOTH;
}

void trace_give_to(uid_t user)
{
	if (path[0] && user != geteuid())
		system_call(SYS_lchown, (long)path, (long)user, -1, 0, 0, 0);
}
