/* Reads the state of a lock from glibc's and GLib's structures, without the risk of a fault. */
#ifndef RUNTIME_LOCKS_LOCK_STATE_H
#define RUNTIME_LOCKS_LOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

/*
 * Whether the lock says that the thread holds it; true if the lock does not say. The lock's memory
 * may be gone.
 */
bool lock_is_held_by(uintptr_t lock, enum trace_lock kind, int32_t tid);

/*
 * For a lock that this thread took, did not release and no longer holds: whether the lock's words
 * say that another thread released it. False if they do not say.
 */
bool lock_was_released_by_another(uintptr_t lock, enum trace_lock kind);

/*
 * The tid of the thread that holds the lock; 0 if the lock does not say (readers, semaphores,
 * elided locks, locks shared between processes). The lock must be alive: a thread is using it.
 */
int32_t lock_owner(uintptr_t lock, enum trace_lock kind);

#endif
