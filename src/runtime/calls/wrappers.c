/*
 * The exported wrappers of all calls that need no code of their own. libc's headers declare the
 * same names, so a table line with a wrong signature does not compile.
 */
#if defined(__GNUC__) && !defined(__clang__)
/* libc promises that some pointers are not NULL or not read; a program may break the promise. */
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#undef __USE_EXTERN_INLINES /* or stdio.h defines some of them inline */
#include <errno.h>
#include <string.h>

#include "arguments.h"
#include "call.h"
#include "sockets.h"

/* Declares fortified variants and old aliases that no libc header declares. */
#define CALL(class, category, ret, name, params, args, subject) EXPORT ret name params;
#define CALL_BY_HAND(class, category, ret, name, params)
#include "runtime/libc/table.h"

/*
 * Budget when not watched: one thread-local test and a tail call, five instructions, 1 ns.
 * Everything else is in the cold function.
 */
#define CALL(class, category, ret, name, params, args, subject)                                    \
	static COLD ret watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed_in(CLASS_##class)))                                         \
			return real.name args;                                                     \
		if (LIKELY(call_passes(CLASS_##class, subject)))                                   \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}
#define CALL_VOID(class, category, name, params, args, subject)                                    \
	static COLD void watched_##name params                                                     \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		real.name args;                                                                    \
	}                                                                                          \
	EXPORT void name params                                                                    \
	{                                                                                          \
		if (LIKELY(!call_armed_in(CLASS_##class)) || call_passes(CLASS_##class, subject))  \
			real.name args;                                                            \
		else                                                                               \
			watched_##name args;                                                       \
	}
#define CALL_BY_HAND(class, category, ret, name, params)
/* locks.c has them. */
#define CALL_LOCK(class, kind, ret, name, params, args, address, busy, attempt, within)
#define CALL_CONDITION(ret, name, params, args, address, mutex)
#include "runtime/libc/table.h"
