#include "held_file.h"

#include <fcntl.h>

#include "runtime/base/file_status.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "held.h"

void held_file_changed(int fd, enum file_lock_change change, const void *frame)
{
	uintptr_t lock = held_file_lock(fd);

	if (change == FILE_LOCK_TAKEN && this_thread.armed &&
	    !(this_thread.held && held_find(this_thread.held, lock)))
		held_acquired(lock, TRACE_LOCK_FILE, frame);
	else if (change == FILE_LOCK_RELEASED && this_thread.holds)
		held_released(lock);
}

bool held_file_is_open(uintptr_t lock)
{
	return runtime_silent ||
	       system_call(SYS_fcntl, (int)(uint32_t)lock, F_GETFL, 0, 0, 0, 0) >= 0;
}

static bool is_same_file(int one, int other)
{
	struct statx a, b;

	return one != other && file_status(one, &a) && file_status(other, &b) &&
	       a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor &&
	       a.stx_ino == b.stx_ino;
}

void held_file_waits(int fd)
{
	bool in_turn = this_thread.turn != NULL;
	OWN_CODE_SCOPE;

	if (runtime_silent)
		return;
	for (struct held_table *table = held_tables(); table; table = table->next) {
		struct held_slots *slots = table->slots;

		for (uint32_t i = 0; i < slots->capacity; i++) {
			const struct held_lock *held = &slots->entries[i];

			if (held->lock && held->kind == TRACE_LOCK_FILE &&
			    held->flags & HELD_SUSPENDED &&
			    is_same_file(fd, (int)(uint32_t)held->lock))
				held_tell_waited(held, in_turn);
		}
	}
}
