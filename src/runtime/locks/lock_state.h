/* What a lock says of itself: glibc's and GLib's layouts, read so that a fault cannot happen. */
#ifndef RUNTIME_LOCKS_LOCK_STATE_H
#define RUNTIME_LOCKS_LOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

/* Whether the thread has it, as far as the lock tells; true where it does not tell. The lock's
 * memory may be gone. */
bool lock_is_held_by(uintptr_t lock, enum trace_lock kind, int32_t tid);

/*
 * Of one that this thread took and did not release, and that is not held by it now: whether the
 * lock's own words say that another thread released it. False where they do not tell.
 */
bool lock_was_released_by_another(uintptr_t lock, enum trace_lock kind);

/*
 * The thread that has it, by its tid; 0 where the lock does not tell (readers, semaphores, elided
 * locks, locks that are shared by processes). The lock must be alive: somebody is just using it.
 */
int32_t lock_owner(uintptr_t lock, enum trace_lock kind);

#endif
