#include "current_test.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/far_read.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/unwind/unwinder.h"
#include "shared/text.h"
#include "trace.h"
#include "trace_records.h"

#define MOST_VARIABLES 1024 /* of the environment; further ones are not looked at */
#define READ_AT_ONCE   32
#define TEST_NAME_SIZE 512	  /* longer names are cut */
#define INITIAL	       (4u << 20) /* a kernel's limit for one string and all of them: 128 KiB, 6 MiB */
#define ORIGIN_FRAMES  48	  /* outermost frames of a thread's creation that are kept */
#define ORIGINS	       512	  /* threads, by hash; a newer one replaces an older one */
#define MOST_FRAMES    TRACE_MAX_FRAMES

static const char *const variables[] = { "YIELDSAN_TEST=", "PYTEST_CURRENT_TEST=" };
#define VARIABLES    (sizeof variables / sizeof *variables)
#define LONGEST_NAME 24

/* Where a thread was made: its creator's stack, then the stack where that one was made. */
struct origin {
	pthread_t thread;
	uint32_t own, depth;
	uint64_t frames[2 * ORIGIN_FRAMES];
};

static struct origin origins[ORIGINS] MEMORY_TABLE;
static char *const *initial; /* the environment at start-up */
static bool has_origins;
static bool is_named; /* the environment at start-up names a test */
static struct {
	uint32_t lock;
	bool written;
	uintptr_t text;
	pthread_t thread;
} last;

/* Copies a string of the program, up to the end of readable memory. Returns its length. */
static size_t program_read_text(uintptr_t from, char *to, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		size_t part = MEMORY_PAGE - (from + used) % MEMORY_PAGE;
		const char *end;

		if (part > size - 1 - used)
			part = size - 1 - used;
		if (!far_read(from + used, to + used, part))
			break;
		end = memchr(to + used, '\0', part);
		if (end)
			return (size_t)(end - to);
		used += part;
	}
	to[used] = '\0';
	return used;
}

/* Reads up to READ_AT_ONCE pointers; returns how many. */
static size_t read_entries(uintptr_t from, uintptr_t entries[READ_AT_ONCE])
{
	size_t left = MEMORY_PAGE - from % MEMORY_PAGE;
	size_t size = READ_AT_ONCE * sizeof *entries;

	if (size > left)
		size = left;
	return size >= sizeof *entries && far_read(from, entries, size) ? size / sizeof *entries
									: 0;
}

/* The beginnings of `count` strings, by as few system calls as possible; an empty one if it cannot
 * be read. */
static void read_heads(const uintptr_t *entries, size_t count, char heads[][LONGEST_NAME])
{
	struct iovec there[READ_AT_ONCE];
	long pid = system_call(SYS_getpid, 0, 0, 0, 0, 0, 0);

	for (size_t i = 0; i < count; i++) {
		there[i] = (struct iovec){ (void *)entries[i], LONGEST_NAME };
		heads[i][0] = '\0';
	}
	for (size_t done = 0; done < count;) {
		struct iovec here = { heads[done], (count - done) * LONGEST_NAME };
		long got = runtime_silent
				   ? -1
				   : system_call(SYS_process_vm_readv, pid, (long)&here, 1,
						 (long)&there[done], (long)(count - done), 0);
		size_t whole = got > 0 ? (size_t)got / LONGEST_NAME : 0;

		done += whole;
		if (done < count)
			heads[done++][0] = '\0';
	}
}

/* Where the value of the first of the variables is; 0: none is set. */
static uintptr_t find_text(void)
{
	uintptr_t at = (uintptr_t)environ, entries[READ_AT_ONCE] = { 0 }, found[VARIABLES] = { 0 };
	char heads[READ_AT_ONCE][LONGEST_NAME];
	bool more = at != 0;

	for (size_t seen = 0; more && seen < MOST_VARIABLES;) {
		size_t got = read_entries(at, entries), count = 0;

		while (count < got && entries[count])
			count++;
		read_heads(entries, count, heads);
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < VARIABLES; j++) {
				size_t length = strlen(variables[j]);

				if (!found[j] && !strncmp(heads[i], variables[j], length))
					found[j] = entries[i] + length;
			}
		more = got && count == got;
		at += got * sizeof *entries;
		seen += got;
	}
	return found[0] ? found[0] : found[1];
}

/* The strings that the kernel copied for this program, not one that it set since. */
static bool is_inherited(uintptr_t text)
{
	return text > (uintptr_t)initial && text - (uintptr_t)initial < INITIAL;
}

static const struct origin *thread_origin(pthread_t thread)
{
	const struct origin *origin = &origins[thread / 4096 % ORIGINS];

	return __atomic_load_n(&has_origins, __ATOMIC_RELAXED) &&
			       __atomic_load_n(&origin->thread, __ATOMIC_ACQUIRE) == thread
		       ? origin
		       : NULL;
}

static void write_note(uintptr_t text, const struct origin *origin)
{
	size_t depth = origin && origin->depth <= MOST_FRAMES ? origin->depth : 0;
	char copy[TEST_NAME_SIZE];
	size_t length = text ? program_read_text(text, copy, sizeof copy) : 0;
	struct trace_test *note =
		trace_allocate(sizeof *note + depth * sizeof *note->frames + length);

	if (!note)
		return;
	note->flags = is_inherited(text) ? TRACE_TEST_INHERITED : 0;
	note->depth = (uint32_t)depth;
	note->text_size = (uint32_t)length;
	if (depth)
		memcpy(note->frames, origin->frames, depth * sizeof *note->frames);
	memcpy((char *)(note->frames + depth), copy, length);
	trace_publish(note, RECORD_TEST);
}

/* A runner that sets such a variable for each test. */
static bool is_pytest(void)
{
	size_t size;
	const char *arguments = trace_command_line(&size);

	return memmem(arguments, size, "pytest", strlen("pytest")) ||
	       memmem(arguments, size, "py.test", strlen("py.test"));
}

/* Known once the options are. */
static bool is_test_run(void)
{
	static int8_t known; /* 0: not known yet */
	int8_t tests = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!tests) {
		tests = runtime_options.tests || is_named || is_cargo_test_name(program_name()) ||
					is_pytest()
				? 1
				: -1;
		__atomic_store_n(&known, tests, __ATOMIC_RELAXED);
	}
	return tests > 0;
}

void current_test_note(void)
{
	pthread_t self = pthread_self();
	const struct origin *origin = thread_origin(self);
	uintptr_t text;

	if (!trace_header() || !trace_has_room(6) || runtime_silent)
		return;
	text = is_test_run() ? find_text() : 0;
	if (!last.written && !text && !origin)
		return;
	/* Another thread is writing its own: then this record may name that one's test. */
	if (__atomic_exchange_n(&last.lock, 1, __ATOMIC_ACQUIRE))
		return;
	if (!last.written || last.text != text || !pthread_equal(last.thread, origin ? self : 0)) {
		last.written = true;
		last.text = text;
		last.thread = origin ? self : 0;
		write_note(text, origin);
	}
	__atomic_store_n(&last.lock, 0, __ATOMIC_RELEASE);
}

static void origin_remember(struct origin *made, const struct origin *maker)
{
	uint64_t frames[MOST_FRAMES];
	struct unwind_start here;
	size_t depth, first;

	UNWIND_HERE(&here);
	depth = unwinder_walk(&here, frames, NULL, MOST_FRAMES);
	first = depth > ORIGIN_FRAMES ? depth - ORIGIN_FRAMES : 0;
	made->own = (uint32_t)(depth - first);
	memcpy(made->frames, frames + first, made->own * sizeof *frames);
	made->depth = made->own;
	if (maker && maker != made) {
		memcpy(made->frames + made->own, maker->frames, maker->own * sizeof *frames);
		made->depth += maker->own;
	}
}

void current_test_thread_made(pthread_t thread)
{
	struct origin *made = &origins[thread / 4096 % ORIGINS];
	OWN_CODE_SCOPE;

	/* Before start-up the options are not known. */
	if (!runtime_started || this_thread.vforked || this_thread.dead)
		return;
	if (!is_test_run())
		return;
	__atomic_store_n(&made->thread, 0, __ATOMIC_RELAXED);
	origin_remember(made, thread_origin(pthread_self()));
	__atomic_store_n(&has_origins, true, __ATOMIC_RELAXED);
	__atomic_store_n(&made->thread, thread, __ATOMIC_RELEASE);
}

void current_test_init(void)
{
	initial = environ;
	for (char *const *each = initial; each && *each; each++)
		for (size_t i = 0; i < VARIABLES; i++)
			is_named |= !strncmp(*each, variables[i], strlen(variables[i]));
}

void current_test_forget(void)
{
	last.lock = 0;
	last.written = false;
}
