/* Hooked task vtables: slot 0 of each leads to a thunk of its own number, and by it to its entry
 * here. */
#ifndef RUNTIME_EXECUTORS_TOKIO_SLOTS_H
#define RUNTIME_EXECUTORS_TOKIO_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokio_scan.h"
#include "tokio_thunks.h"

struct tokio_module;

struct tokio_slot {
	void (*poll)(void *header); /* what slot 0 held */
	struct tokio_module *module;
	uintptr_t vtable; /* 0: free */
	uint32_t type;	  /* see task_types.h */
	/*
	 * Which word of a task's header holds owner_id: the one behind the vtable's address, which
	 * is word 2 since 1.22, word 4 from 1.12 to 1.21 (tokio/src/runtime/task/core.rs).
	 */
	uint8_t owner_word;
	bool job;
	bool by_shape;
};

extern struct tokio_slot tokio_slots[TOKIO_SLOTS];

/* Replaces slot 0. False when there is no number left, or the page cannot be written. */
bool tokio_slot_hook(struct tokio_module *module, const struct tokio_vtable *vtable,
		     bool page_is_read_only);

/* The page that was opened last gets its protection back. After the last tokio_slot_hook of a
 * module. */
void tokio_slots_close_page(void);

/* The module was unmapped, and its vtables with it. */
void tokio_slots_release(const struct tokio_module *module);

#endif
