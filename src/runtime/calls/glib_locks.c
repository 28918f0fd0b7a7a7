/*
 * Wrappers of GLib's locks. GLib may be loaded late, and privately by a plug-in, where dlsym does
 * not find it: the first such call searches the loaded objects.
 */
#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/modules/modules.h"
#include "runtime/process/process.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "call.h"

#define FRAME  __builtin_frame_address(0)
#define CALLER ((uintptr_t)__builtin_return_address(0))

enum glib_call {
#define GLIB_LOCK(kind, name, try)		GLIB_##name,
#define GLIB_TRY_LOCK(kind, name)		GLIB_##name,
#define GLIB_UNLOCK(kind, name)			GLIB_##name,
#define GLIB_CONDITION(ret, name, params, args) GLIB_##name,
#include "glib_locks.h"
	GLIB_CALLS
};

static const char *const names[] = {
#define GLIB_LOCK(kind, name, try)		#name,
#define GLIB_TRY_LOCK(kind, name)		#name,
#define GLIB_UNLOCK(kind, name)			#name,
#define GLIB_CONDITION(ret, name, params, args) #name,
#include "glib_locks.h"
};

typedef void glib_function(void); /* of any type */

static glib_function *functions[GLIB_CALLS];

static int is_nowhere(void)
{
	return 0;
}

COLD static glib_function *glib_function_find(enum glib_call call)
{
	/* The loaded objects are not known before start-up. */
	glib_function *found = (glib_function *)real.dlsym(RTLD_NEXT, names[call]);
	OWN_CODE_SCOPE;

	if (!found)
		dlerror(); /* otherwise the program's next dlerror would report our failure */
	modules_refresh();
	for (size_t i = 0; i < modules_count() && !found; i++) {
		const struct module *module = modules_at(i);

		/* Our library exports the same name. */
		if (!module->unloaded_ns &&
		    ((uintptr_t)names < module->start || (uintptr_t)names >= module->end))
			found = (glib_function *)module_symbol(module, names[call]);
	}
	if (!found)
		return (glib_function *)is_nowhere;
	__atomic_store_n(&functions[call], found, __ATOMIC_RELAXED);
	return found;
}

static inline glib_function *glib_real_function(enum glib_call call)
{
	glib_function *known = __atomic_load_n(&functions[call], __ATOMIC_RELAXED);

	return LIKELY(known != NULL) ? known : glib_function_find(call);
}

#define LOCK_CALL(name) ((int (*)(void *))glib_real_function(GLIB_##name))

/* GLib implements some locks with libc's: don't record those as well. */
static int try_quietly(int (*try)(void *lock), void *lock)
{
	OWN_CODE_SCOPE;

	return try(lock);
}

#define GLIB_LOCK(kind, name, try)                                                                 \
	EXPORT void name(void *lock);                                                              \
	static NOINLINE void watched_##name(void *lock)                                            \
	{                                                                                          \
		if (!call_armed()) {                                                               \
			lock_wait_outside((uintptr_t)lock, TRACE_LOCK_##kind, CALLER);             \
			LOCK_CALL(name)(lock);                                                     \
			return;                                                                    \
		}                                                                                  \
		if (!try_quietly(LOCK_CALL(try), lock)) {                                          \
			LOCK_WAIT(wait, (uintptr_t)lock, TRACE_LOCK_##kind, false);                \
			lock_wait_look(&wait);                                                     \
			LOCK_CALL(name)(lock);                                                     \
		}                                                                                  \
		held_acquired((uintptr_t)lock, TRACE_LOCK_##kind, FRAME);                          \
	}                                                                                          \
	EXPORT void name(void *lock)                                                               \
	{                                                                                          \
		if (LIKELY(!call_armed() && !turns_suspended_holding))                             \
			LOCK_CALL(name)(lock);                                                     \
		else                                                                               \
			watched_##name(lock);                                                      \
	}
#define GLIB_TRY_LOCK(kind, name)                                                                  \
	EXPORT int name(void *lock);                                                               \
	EXPORT int name(void *lock)                                                                \
	{                                                                                          \
		int taken = try_quietly(LOCK_CALL(name), lock);                                    \
                                                                                                   \
		if (UNLIKELY(call_armed()) && taken)                                               \
			held_acquired((uintptr_t)lock, TRACE_LOCK_##kind, FRAME);                  \
		return taken;                                                                      \
	}
#define GLIB_UNLOCK(kind, name)                                                                    \
	EXPORT void name(void *lock);                                                              \
	EXPORT void name(void *lock)                                                               \
	{                                                                                          \
		if (UNLIKELY(call_armed() || this_thread.holds_any || turns_suspended_holding))    \
			if (!held_quiet_drop((uintptr_t)lock) && !held_released((uintptr_t)lock))  \
				lock_foreign_release((uintptr_t)lock, TRACE_LOCK_##kind, CALLER);  \
		LOCK_CALL(name)(lock);                                                             \
	}
#define GLIB_CONDITION(ret, name, params, args)                                                    \
	EXPORT ret name params;                                                                    \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		__attribute__((cleanup(holds_again), unused)) void *rests = mutex;                 \
                                                                                                   \
		held_rests((uintptr_t)mutex, true);                                                \
		return ((ret(*) params)glib_real_function(GLIB_##name))args;                       \
	}

static void holds_again(void **mutex)
{
	held_rests((uintptr_t)*mutex, false);
}

#include "glib_locks.h"
