#include "runtime/libc/real.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "runtime/libc/call_info.h"
#include "stand_ins.h"

/* One stub of FIRST_CALL_SIZE bytes for each call: first_calls.S. */
#define FIRST_CALL_SIZE 16

extern const char first_calls[];

struct real_calls real = {
#define CALL(class, category, ret, name, params, args, subject)                                    \
	.name = (ret(*) params)(first_calls + FIRST_CALL_SIZE * CALL_##name),
#include "runtime/libc/table.h"
};

/* Stubs and pointers have the same numbers as the calls. */
#define CALL(class, category, ret, name, params, args, subject)                                    \
	_Static_assert(offsetof(struct real_calls, name) == CALL_##name * sizeof(void *),          \
		       "CALL_SYSTEM stands last");
#include "runtime/libc/table.h"

#define CALLS_IN_LIBC (sizeof(struct real_calls) / sizeof(void *))

const struct call_info call_infos[] = {
#define CALL(klass, group, ret, call, params, args, subject)                                       \
	[CALL_##call] = { .name = #call,                                                           \
			  .category_name = #group,                                                 \
			  .class = CLASS_##klass,                                                  \
			  .category = CATEGORY_##group },
#define CALL_SYSTEM(klass, group, call)                                                            \
	[CALL_##call] = { .name = #call,                                                           \
			  .category_name = #group,                                                 \
			  .class = CLASS_##klass,                                                  \
			  .category = CATEGORY_##group },
#include "runtime/libc/table.h"
};

static const char *call_version(int call)
{
	switch (call) {
#define VERSION(name, version)                                                                     \
	case CALL_##name:                                                                          \
		return version;
#include "versions.h"
	}
	return NULL;
}

/* Stands for a function that this libc does not have. */
static long missing_call(void)
{
	errno = ENOSYS;
	return -1;
}

/* The number after the point: 34 of "GLIBC_2.34". By hand: a sanitizer's atoi refuses to work while
 * the sanitizer starts, and it is the first to call us. */
static unsigned minor_of(const char *version)
{
	unsigned number = 0;

	while (*version && *version != '.')
		version++;
	for (; *version && version[1] >= '0' && version[1] <= '9'; version++)
		number = 10 * number + (unsigned)(version[1] - '0');
	return number;
}

/* Asking an older glibc for "GLIBC_2.34" fails, and a failed look-up allocates. */
static bool libc_has(const char *version)
{
	return minor_of(gnu_get_libc_version()) >= minor_of(version);
}

/* dlsym without our own functions. */
static void *real_function_find(const char *name)
{
	static void *(*next_dlsym)(void *, const char *);

	/* It was in libdl before 2.34. */
	if (!next_dlsym)
		next_dlsym = (void *(*)(void *, const char *))dlvsym(
			RTLD_NEXT, "dlsym", libc_has("GLIBC_2.34") ? "GLIBC_2.34" : "GLIBC_2.2.5");
	return next_dlsym ? next_dlsym(RTLD_NEXT, name) : NULL;
}

/*
 * Functions of libfaketime and the sanitizers precede libc's and have no version: requests with a
 * version are bound to them too.
 */
static bool has_no_version(const void *function)
{
	const ElfW(Sym) *symbols = NULL, *symbol = NULL;
	const ElfW(Half) *versions = NULL;
	const ElfW(Dyn) * entry;
	struct link_map *map;
	Dl_info info;

	if (!dladdr1(function, &info, (void **)&map, RTLD_DL_LINKMAP) ||
	    !dladdr1(function, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
		return false;
	for (entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			symbols = (const void *)entry->d_un.d_ptr;
		if (entry->d_tag == DT_VERSYM)
			versions = (const void *)entry->d_un.d_ptr;
	}
	return symbols && (!versions || versions[symbol - symbols] == VER_NDX_GLOBAL);
}

static void *find_version(const char *name, const char *version)
{
	void *found = libc_has(version) ? dlvsym(RTLD_NEXT, name, version) : NULL, *first;

	/* Other preloads don't wrap such names, and a failed look-up allocates. */
	if (!found || !strncmp(name, "__", 2))
		return found;
	first = real_function_find(name);
	return first && first != found && has_no_version(first) ? first : found;
}

/* Also called by the stubs. */
void *real_find(int call);

/* arch/x86_64/first_calls.S */
#define OLD_CALLS 0x10000
extern void *old_calls[] __attribute__((visibility("hidden")));

static const struct {
	const char *name, *version;
} old_versions[] = {
#define OLD_VERSION(name, version) { #name, #version },
#define SAME_VERSION(name, version)
#include "old_versions.h"
};

static void *find_old(unsigned number)
{
	int saved = errno;
	void *found = dlvsym(RTLD_NEXT, old_versions[number].name, old_versions[number].version);

	if (!found) {
		dlerror();
		found = (void *)missing_call;
	}
	errno = saved;
	__atomic_store_n(&old_calls[number], found, __ATOMIC_RELAXED);
	return found;
}

/*
 * libdl of glibc before 2.34 calls pthread_once while it looks for a function: for pthread_once
 * itself, too. Ends as glibc's does (nptl/pthread_once.c).
 */
enum { ONCE_NOT_BEGUN, ONCE_BEGUN, ONCE_DONE };

static int once_within_look_up(int *control, void (*routine)(void))
{
	int state = ONCE_NOT_BEGUN;

	if (__atomic_load_n(control, __ATOMIC_ACQUIRE) & ONCE_DONE)
		return 0;
	if (!__atomic_compare_exchange_n(control, &state, ONCE_BEGUN, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_ACQUIRE)) {
		while (!(__atomic_load_n(control, __ATOMIC_ACQUIRE) & ONCE_DONE))
			system_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		return 0;
	}
	routine();
	__atomic_store_n(control, ONCE_DONE, __ATOMIC_RELEASE);
	system_call(SYS_futex, (long)control, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
	return 0;
}

static bool is_within_look_up(int call)
{
	return this_thread.looks_up && (call == CALL_pthread_once || call == CALL___pthread_once);
}

void *real_find(int call)
{
	void **pointer = (void **)&real + call;
	const char *version;
	void *found;
	int saved = errno;
	bool outer = this_thread.looks_up;

	if (call >= OLD_CALLS)
		return find_old((unsigned)(call - OLD_CALLS));
	if (is_within_look_up(call))
		return (void *)once_within_look_up;
	this_thread.looks_up = true;
	version = call_version(call);
	found = version ? find_version(call_infos[call].name, version) : NULL;
	if (!found)
		found = real_function_find(call_infos[call].name);
	if (!found) {
		dlerror(); /* otherwise the program's next dlerror would report our failure */
		found = stand_in_for(call);
	}
	if (!found)
		found = (void *)missing_call;
	errno = saved;
	this_thread.looks_up = outer;
	__atomic_store_n(pointer, found, __ATOMIC_RELAXED);
	return found;
}

static int clock_gettime_of_kernel(clockid_t clock, struct timespec *time)
{
	return (int)system_call(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0);
}

int (*libc_clock_gettime)(clockid_t, struct timespec *) = clock_gettime_of_kernel;

void real_resolve_all(void)
{
	for (int call = 0; call < (int)CALLS_IN_LIBC; call++)
		real_find(call);
}
