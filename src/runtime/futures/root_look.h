/*
 * Finds what the future passed to block_on holds. No vtable leads to it: it lies in a frame of
 * block_on, and is suspended while its thread waits in the runtime to be woken.
 */
#ifndef RUNTIME_FUTURES_ROOT_LOOK_H
#define RUNTIME_FUTURES_ROOT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

struct task_module;

/* A root future of some module may hold guards. */
extern bool root_look_wanted;

/* The module's layout was mapped. */
void root_look_module_added(const struct task_module *module);

enum root_wait {
	ROOT_WAIT_DRIVER, /* for events: nothing is polled, and the root only if it was woken */
	ROOT_WAIT_LOCK, /* for a lock: a park only if the stack shows it; the root is polled before
			   each */
};

/*
 * The calling thread, outside turns, is about to wait in a call whose wrapper's frame is at
 * `frame`. If it returns true, call root_look_end after the wait.
 */
bool root_look_begin(uintptr_t frame, enum root_wait wait);
void root_look_end(void);

/* Called in a forked child: the records belong to the parent. */
void root_look_forget(void);

#endif
