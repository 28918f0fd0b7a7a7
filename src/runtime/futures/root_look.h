/*
 * What the future holds that block_on was given. No vtable leads to it: it lies in a frame of
 * block_on's, and is at rest while its thread waits in the runtime for it to be woken.
 */
#ifndef RUNTIME_FUTURES_ROOT_LOOK_H
#define RUNTIME_FUTURES_ROOT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

struct task_module;

/* Some root future of a module may hold guards. */
extern bool root_look_wanted;

/* The module's layout is there. */
void root_look_module_added(const struct task_module *module);

enum root_wait {
	ROOT_WAIT_DRIVER, /* for events: nothing is polled, and the root only if it was woken */
	ROOT_WAIT_LOCK,	  /* on a lock, which is a park only where the stack says so; the root is
			     polled before each */
};

/*
 * The present thread, outside of turns, is about to wait in a call whose wrapper's frame is at
 * `frame`. True: root_look_end is to be called when it has waited.
 */
bool root_look_begin(uintptr_t frame, enum root_wait wait);
void root_look_end(void);

/* In a forked child: what was written is the parent's. */
void root_look_forget(void);

#endif
