/*
 * Hooked task vtables: in each, the function that polls a task leads to a thunk of its own number,
 * and by it to its entry here.
 */
#ifndef RUNTIME_EXECUTORS_TASK_SLOTS_H
#define RUNTIME_EXECUTORS_TASK_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/task_header.h"
#include "task_thunks.h"
#include "shared/task_vtable.h"

struct executor;
struct layout_task;
struct task_module;
struct task_slot;

/* What differs between the libraries that poll through a vtable. */
struct task_family {
	unsigned function; /* which word of a vtable is made to lead through us */
	bool polls;	   /* that polls a task; or else drops one */
	/* Between which words of a task's header the vtable's address has been. */
	unsigned first_word, last_word;
	/* What else of a header's place is learnt from the first that is seen. NULL: it is known
	 * what the vtable is, and its function has no header. */
	void (*confirm)(struct task_slot *slot, const uint64_t *header, unsigned vtable_word);
	const void *confirmed; /* where a thunk leads from then on */
	/* Of vtables that are known by their shape: what layout_task.trailer repeats, and what the
	 * first TASK_HEADER_WORDS of a task that has such a one say. */
	uint64_t (*layout_number)(const uint64_t *vtable);
	unsigned id_word; /* of such a vtable: the place of its type's number; 0: it has none */
	enum task_moment (*moment)(const uint64_t *words, const uint64_t *vtable);
	/* Whose turns its polls are on the present thread. NULL when the table of them is full. */
	struct executor *(*executor)(const struct task_module *module);
};

struct task_slot {
	void (*function)(void); /* what the vtable held */
	struct task_module *module;
	const struct task_family *family;
	uintptr_t vtable; /* 0: free */
	uint32_t type;	  /* see task_types.h */
	/* The family's own word of a task's header: Tokio's owner_id, async-task's state. */
	uint8_t word;
	bool job;
	bool by_shape;
	/* How its tasks' futures lie; NULL: not known, or none of them ever holds a guard. */
	const struct layout_task *future;
};

extern struct task_slot task_slots[TASK_SLOTS];

/* Replaces the function. False when there is no number left, or the page cannot be written. */
bool task_slot_hook(struct task_module *module, const struct task_family *family,
		    const struct task_vtable *vtable, bool page_is_read_only);

/* The page that was opened last gets its protection back. After the last task_slot_hook of a
 * module. */
void task_slots_close_page(void);

/* The module was unmapped, and its vtables with it. */
void task_slots_release(const struct task_module *module);

#endif
