#include "python_locks.h"

#include <stddef.h>
#include <stdint.h>

#include "held.h"
#include "lock_wait.h"
#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "runtime/interpreters/python.h"
#include "runtime/interpreters/python_methods.h"
#include "runtime/modules/modules.h"
#include "runtime/turns/turn.h"

static const void *python_false; /* result of acquire when it did not get the lock */

/* Locks that the interpreter waits for inside a method count as that method's lock. */
struct outer_lock {
	uintptr_t lock;
	uint8_t kind;
};

static struct outer_lock method_begin(void *lock, enum trace_lock kind)
{
	struct thread_state *self = &this_thread;
	struct outer_lock outer = { self->method_lock, self->method_lock_kind };

	self->method_lock = (uintptr_t)lock;
	self->method_lock_kind = (uint8_t)kind;
	return outer;
}

static void method_end(struct outer_lock outer)
{
	this_thread.method_lock = outer.lock;
	this_thread.method_lock_kind = outer.kind;
}

static void python_lock_note(uintptr_t lock, enum trace_lock kind, uintptr_t caller)
{
	struct held_table *table = this_thread.held;
	const struct known_stack *stack;
	struct python_caller from;

	if (UNLIKELY(!table)) {
		table = held_table_take();
		if (!table)
			return;
	}
	stack = known_stack_called_from(&table->memory, caller, &from);
	held_note_stack(lock, kind, stack);
	if (table->last->lock != lock)
		return;
	table->last->frame = from.frame;
	table->last->coroutine_frame = from.coroutine;
}

/*
 * A function of the standard library that takes a lock twice waits for another thread to release
 * it, or for the time-out: a condition waits this way (threading.py, Condition.wait). No lock is
 * held then.
 */
static bool is_signal(uintptr_t lock)
{
	struct held_lock *held = held_entry(lock);

	if (LIKELY(!held) || held->frame != python_innermost_frame() || !python_is_in_threading())
		return false;
	if (held->flags & HELD_GONE)
		held_remove(this_thread.held, held);
	else
		held_released(lock);
	return true;
}

static NOINLINE void *watched_acquire(python_method *original, enum trace_lock kind, void *lock,
				      void *first, void *second, void *third)
{
	uintptr_t address = (uintptr_t)lock;
	bool signal = kind == TRACE_LOCK_PYTHON && is_signal(address);
	struct outer_lock outer = method_begin(lock, kind);
	void *result = original(lock, first, second, third);

	method_end(outer);
	if (result && result != python_false && !signal && this_thread.armed)
		python_lock_note(address, kind, (uintptr_t)original);
	return result;
}

static NOINLINE void *watched_release(python_method *original, enum trace_lock kind, void *lock,
				      void *first, void *second, void *third)
{
	struct outer_lock outer = method_begin(lock, kind);
	void *result;

	if (!held_released((uintptr_t)lock) && kind == TRACE_LOCK_PYTHON)
		lock_given_back((uintptr_t)lock, kind);
	result = original(lock, first, second, third);
	method_end(outer);
	return result;
}

/* Releases all recursive acquisitions, for a wait on a condition. */
static NOINLINE void *watched_release_all(python_method *original, enum trace_lock kind, void *lock,
					  void *first, void *second, void *third)
{
	(void)kind;
	while (held_released((uintptr_t)lock))
		;
	return original(lock, first, second, third);
}

#define ACQUIRE(kind, id, name)                                                                    \
	static python_method *original_##id;                                                       \
	static void *method_##id(void *self, void *first, void *second, void *third)               \
	{                                                                                          \
		if (LIKELY(!this_thread.armed && !turns_suspended_holding))                        \
			return original_##id(self, first, second, third);                          \
		return watched_acquire(original_##id, TRACE_LOCK_##kind, self, first, second,      \
				       third);                                                     \
	}
#define GIVE_BACK(kind, id, name, watched)                                                         \
	static python_method *original_##id;                                                       \
	static void *method_##id(void *self, void *first, void *second, void *third)               \
	{                                                                                          \
		if (LIKELY(!this_thread.armed && !this_thread.holds_any &&                         \
			   !turns_suspended_holding))                                              \
			return original_##id(self, first, second, third);                          \
		return watched(original_##id, TRACE_LOCK_##kind, self, first, second, third);      \
	}
#define RELEASE(kind, id, name)	    GIVE_BACK(kind, id, name, watched_release)
#define RELEASE_ALL(kind, id, name) GIVE_BACK(kind, id, name, watched_release_all)

#define LOCK_METHODS                                                                               \
	ACQUIRE(PYTHON, acquire, "acquire")                                                        \
	ACQUIRE(PYTHON, acquire_lock, "acquire_lock")                                              \
	ACQUIRE(PYTHON, enter, "__enter__")                                                        \
	RELEASE(PYTHON, release, "release")                                                        \
	RELEASE(PYTHON, release_lock, "release_lock")                                              \
	RELEASE(PYTHON, exit, "__exit__")

#define RLOCK_METHODS                                                                              \
	ACQUIRE(PYTHON_RECURSIVE, recursive_acquire, "acquire")                                    \
	ACQUIRE(PYTHON_RECURSIVE, recursive_enter, "__enter__")                                    \
	ACQUIRE(PYTHON_RECURSIVE, acquire_restore, "_acquire_restore")                             \
	RELEASE(PYTHON_RECURSIVE, recursive_release, "release")                                    \
	RELEASE(PYTHON_RECURSIVE, recursive_exit, "__exit__")                                      \
	RELEASE_ALL(PYTHON_RECURSIVE, release_save, "_release_save")

LOCK_METHODS
RLOCK_METHODS

#undef ACQUIRE
#undef RELEASE
#undef RELEASE_ALL
#define ACQUIRE(kind, id, name)	    { name, method_##id, &original_##id },
#define RELEASE(kind, id, name)	    { name, method_##id, &original_##id },
#define RELEASE_ALL(kind, id, name) { name, method_##id, &original_##id },

static const struct python_replacement lock_methods[] = { LOCK_METHODS };
static const struct python_replacement rlock_methods[] = { RLOCK_METHODS };

void python_locks_module_added(struct module *module)
{
	uintptr_t not_taken = module_symbol(module, "_Py_FalseStruct");

	/* A second interpreter in one process keeps its own methods. */
	if (!not_taken || python_false || !python_is_interpreter(module))
		return;
	python_false = (const void *)not_taken;
	/* The import lock's functions (module imp) are also called acquire_lock. */
	python_methods_replace(module, "locked_lock", lock_methods, ARRAY_SIZE(lock_methods));
	python_methods_replace(module, "_acquire_restore", rlock_methods,
			       ARRAY_SIZE(rlock_methods));
}
