#include "lock_state.h"

#include <pthread.h>
#include <stddef.h>

#include "runtime/base/memory.h"
#include "runtime/interpreters/python.h"
#include "held_file.h"

/* The word of each kind that holds the lock's state. */
static uintptr_t lock_word_of(uintptr_t lock, enum trace_lock kind)
{
	switch (kind) {
	case TRACE_LOCK_MUTEX:
		return lock + LIBC_MUTEX_OWNER_OFFSET;
	case TRACE_LOCK_READ:
		return lock + LIBC_RWLOCK_READERS_OFFSET;
	case TRACE_LOCK_WRITE:
		return lock + LIBC_RWLOCK_WRITER_OFFSET;
	case TRACE_LOCK_SPIN:
	case TRACE_LOCK_GLIB_MUTEX: /* a futex word: 0 is free; GLib, glib/gthread-posix.c */
		return lock;
	default:
		return 0;
	}
}

bool lock_is_held_by(uintptr_t lock, enum trace_lock kind, int32_t tid)
{
	uintptr_t word = lock_word_of(lock, kind);
	int32_t value;

	if (kind == TRACE_LOCK_FILE)
		return held_file_is_open(lock);
	if (kind == TRACE_LOCK_PYTHON || kind == TRACE_LOCK_PYTHON_RECURSIVE)
		return python_object_lives(lock);
	if (!word)
		return true;
	if (!memory_is_readable((const void *)word, sizeof value))
		return !memory_can_be_asked();
	value = *(const volatile int32_t *)word;
	switch (kind) {
	case TRACE_LOCK_READ: /* held by readers, whose identity is not stored */
		return (uint32_t)value >> LIBC_RWLOCK_READERS_SHIFT != 0;
	case TRACE_LOCK_SPIN:
		return value != LIBC_SPIN_FREE;
	case TRACE_LOCK_GLIB_MUTEX:
		return value != 0;
	default:
		return value == tid;
	}
}

#define HIGHEST_TID (1 << 22) /* PID_MAX_LIMIT of Linux */

static bool is_tid(int32_t owner)
{
	return owner >= 0 && owner < HIGHEST_TID;
}

/*
 * True for a mutex that is free or taken; false if it was destroyed (its kind is -1 then) or its
 * memory is used for something else.
 */
static bool is_mutex(const pthread_mutex_t *mutex)
{
	int kind = LIBC_MUTEX_KIND(mutex);

	if (kind < 0 || kind & (LIBC_MUTEX_ELIDED | LIBC_MUTEX_ROBUST) ||
	    kind > 2 * LIBC_MUTEX_ELIDED + LIBC_MUTEX_SHARED + 0x7f ||
	    !is_tid(LIBC_MUTEX_OWNER(mutex)))
		return false;
	return LIBC_MUTEX_OWNER(mutex)
		       ? LIBC_MUTEX_STATE(mutex) != 0
		       : (LIBC_MUTEX_STATE(mutex) & ~3) == 0 && !LIBC_MUTEX_COUNT(mutex);
}

/* If another thread releases a write lock, the lock still names its writer. */
bool lock_was_released_by_another(uintptr_t lock, enum trace_lock kind)
{
	return kind == TRACE_LOCK_MUTEX &&
	       memory_is_readable((const void *)lock, sizeof(pthread_mutex_t)) &&
	       is_mutex((const pthread_mutex_t *)lock);
}

int32_t lock_owner(uintptr_t lock, enum trace_lock kind)
{
	switch (kind) {
	case TRACE_LOCK_MUTEX:
		if (LIBC_MUTEX_KIND((const pthread_mutex_t *)lock) & LIBC_MUTEX_SHARED)
			return 0;
		break;
	case TRACE_LOCK_READ:
		kind = TRACE_LOCK_WRITE;
		/* fall through */
	case TRACE_LOCK_WRITE:
		if (LIBC_RWLOCK_IS_SHARED((const pthread_rwlock_t *)lock))
			return 0;
		break;
	default:
		return 0;
	}
	return *(const volatile int32_t *)lock_word_of(lock, kind);
}
