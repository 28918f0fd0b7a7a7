/* Wrappers of locks: record acquisitions, and follow waits. */
#undef __USE_EXTERN_INLINES /* or stdio.h defines some of them inline */
#include <errno.h>

#include "runtime/locks/lock_state.h"
#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"
#include "arguments.h"
#include "call.h"
#include "wait_delay.h"
#include "shared/arch/arch.h"

/* Declares old aliases that no libc header declares. */
#define CALL(class, category, ret, name, params, args, subject) EXPORT ret name params;
#include "runtime/libc/table.h"

/* For a call that cannot be made in steps. */
#define WAITS_FOR_GOOD ETIMEDOUT

#define CALLER	       ((uintptr_t)__builtin_return_address(0))
#define FRAME	       __builtin_frame_address(0)

/* EOWNERDEAD: a robust mutex whose owner died was taken. */
static inline bool is_taken(int result)
{
	return result == 0 || result == EOWNERDEAD;
}

/* An error that the real call would return again, or that only the variant with a time-out has. */
static inline bool is_final(int result)
{
	return result != ETIMEDOUT && result != thrd_timedout && result != EINVAL;
}

#define PLAIN_MUTEX 3 /* the bits of __kind that only give the type: nptl/pthreadP.h */

/*
 * In a process with one thread nothing else can take a free mutex meanwhile: use lock, which does
 * without an atomic operation; trylock always needs one.
 */
static inline int mutex_try(pthread_mutex_t *mutex)
{
	if (*thread_is_alone && !LIBC_MUTEX_STATE(mutex) &&
	    !(LIBC_MUTEX_KIND(mutex) & ~PLAIN_MUTEX))
		return real.pthread_mutex_lock(mutex);
	return real.pthread_mutex_trylock(mutex);
}

static int spin_until(pthread_spinlock_t *lock, const struct timespec *limit)
{
	struct timespec now;

	do {
		for (int i = 0; i < 1000; i++) {
			if (!real.pthread_spin_trylock(lock))
				return 0;
			arch_pause();
		}
		libc_clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < limit->tv_sec ||
		 (now.tv_sec == limit->tv_sec && now.tv_nsec < limit->tv_nsec));
	return ETIMEDOUT;
}

#define CALL(class, category, ret, name, params, args, subject)
#define CALL_BY_HAND(class, category, ret, name, params)
/*
 * Budget of taking and releasing a free lock: 1 ns outside turns (two tests and a tail call); in a
 * turn 10 ns, and 0.6 ns a frame for a known stack (locks/known_stack.h).
 */
#define CALL_LOCK(class, kind, ret, name, params, args, address, busy, attempt, within)            \
	static COLD ret contended_##name params                                                    \
	{                                                                                          \
		struct timespec at, *limit = &at;                                                  \
		CALL_WATCH(watch, CALL_##name, LOCK(address));                                     \
		watch.subject.spins = TRACE_LOCK_##kind == TRACE_LOCK_SPIN;                        \
		wait_delay_begin(&watch, lock_owner((uintptr_t)(address), TRACE_LOCK_##kind));     \
		LOCK_WAIT(wait, (uintptr_t)(address), TRACE_LOCK_##kind,                           \
			  __builtin_constant_p(within));                                           \
                                                                                                   \
		while (!__builtin_constant_p(within) && lock_wait_step(&wait, limit)) {            \
			ret result = within;                                                       \
                                                                                                   \
			if (is_final(result))                                                      \
				return result;                                                     \
		}                                                                                  \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	static NOINLINE ret watched_##name params                                                  \
	{                                                                                          \
		ret result;                                                                        \
                                                                                                   \
		if (!call_armed()) {                                                               \
			lock_wait_outside((uintptr_t)(address), TRACE_LOCK_##kind, CALLER);        \
			return real.name args;                                                     \
		}                                                                                  \
		result = attempt;                                                                  \
		if (UNLIKELY(result == busy))                                                      \
			result = contended_##name args;                                            \
		if (LIKELY(is_taken(result)))                                                      \
			held_acquired((uintptr_t)(address), TRACE_LOCK_##kind, FRAME);             \
		return result;                                                                     \
	}                                                                                          \
	static NOINLINE ret quiet_##name params                                                    \
	{                                                                                          \
		ret result = attempt;                                                              \
                                                                                                   \
		if (UNLIKELY(!is_taken(result)))                                                   \
			return watched_##name args;                                                \
		held_quiet_take((uintptr_t)(address), TRACE_LOCK_##kind, CALLER);                  \
		return result;                                                                     \
	}                                                                                          \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed() && !turns_suspended_holding))                             \
			return real.name args;                                                     \
		if (TRACE_LOCK_##kind != TRACE_LOCK_SEMAPHORE && held_quiet_has_room())            \
			return quiet_##name args;                                                  \
		return watched_##name args;                                                        \
	}
#define CALL_TRY_LOCK(kind, ret, name, params, args, address)                                      \
	static NOINLINE ret watched_##name params                                                  \
	{                                                                                          \
		ret result = real.name args;                                                       \
                                                                                                   \
		if (is_taken(result))                                                              \
			held_acquired((uintptr_t)(address), TRACE_LOCK_##kind, FRAME);             \
		return result;                                                                     \
	}                                                                                          \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed()))                                                         \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}
#define CALL_UNLOCK(kind, ret, name, params, args, address)                                        \
	static NOINLINE ret watched_##name params                                                  \
	{                                                                                          \
		if (UNLIKELY(!held_quiet_drop((uintptr_t)(address)) &&                             \
			     !held_released((uintptr_t)(address))))                                \
			lock_foreign_release((uintptr_t)(address), TRACE_LOCK_##kind, CALLER);     \
		return real.name args;                                                             \
	}                                                                                          \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed() && !this_thread.holds_any && !turns_suspended_holding))   \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}
#define CALL_CONDITION(ret, name, params, args, address, mutex)                                    \
	static COLD ret watched_##name params                                                      \
	{                                                                                          \
		ret result;                                                                        \
                                                                                                   \
		held_rests((uintptr_t)(mutex), true);                                              \
		if (call_armed_in(CLASS_OTHERS)) {                                                 \
			CALL_WATCH(watch, CALL_##name, CONDITION(address, mutex));                 \
			result = CALL_RESULT(watch, real.name args);                               \
		} else {                                                                           \
			result = real.name args;                                                   \
		}                                                                                  \
		held_rests((uintptr_t)(mutex), false);                                             \
		return result;                                                                     \
	}                                                                                          \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (LIKELY(!call_armed_in(CLASS_OTHERS) && !this_thread.holds_any))                \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}
#include "runtime/libc/table.h"
