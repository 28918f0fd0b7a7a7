#include "lock_words.h"

#include <inttypes.h>

#include "contract/trace_format.h"
#include "inspect/session.h"

const char *lock_word(uint32_t lock)
{
	static const char *const words[TRACE_LOCK_KINDS] = {
		[TRACE_LOCK_MUTEX] = "mutex",
		[TRACE_LOCK_READ] = "read lock",
		[TRACE_LOCK_WRITE] = "write lock",
		[TRACE_LOCK_SPIN] = "spin lock",
		[TRACE_LOCK_SEMAPHORE] = "semaphore",
		[TRACE_LOCK_FILE] = "file lock",
		[TRACE_LOCK_ANNOTATED] = "lock",
		[TRACE_LOCK_GLIB_MUTEX] = "GLib mutex",
		[TRACE_LOCK_GLIB_READ] = "GLib read lock",
		[TRACE_LOCK_GLIB_WRITE] = "GLib write lock",
		[TRACE_LOCK_FUTEX] = "lock",
		[TRACE_LOCK_PYTHON] = "threading.Lock",
		[TRACE_LOCK_PYTHON_RECURSIVE] = "threading.RLock",
	};

	return lock < TRACE_LOCK_KINDS ? words[lock] : "lock";
}

const char *lock_name(struct session *session, uint32_t lock, uint64_t address)
{
	if (lock == TRACE_LOCK_FILE)
		return strings_print(&session->strings, "%s on descriptor %" PRIu64,
				     lock_word(lock), address & UINT32_MAX);
	return strings_print(&session->strings, "%s at 0x%" PRIx64, lock_word(lock), address);
}
