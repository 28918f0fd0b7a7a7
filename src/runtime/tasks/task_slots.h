/*
 * Hooked task vtables: in each, the function that polls a task leads to a thunk with its own
 * number, and so to its entry here.
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
	unsigned function; /* index of the vtable word that is hooked */
	bool polls;	   /* the function polls a task; otherwise it drops one */
	/* The range of header words in which the vtable's address has been. */
	unsigned first_word, last_word;
	/*
	 * Learns other header places from the first header seen. NULL: the vtable is certain, and
	 * its function takes no header.
	 */
	void (*confirm)(struct task_slot *slot, const uint64_t *header, unsigned vtable_word);
	const void *confirmed; /* the thunk's target from then on */
	/*
	 * For vtables found by their shape: the value that layout_task.trailer repeats, and the
	 * meaning of the first TASK_HEADER_WORDS of such a task.
	 */
	uint64_t (*layout_number)(const uint64_t *vtable);
	unsigned id_word; /* for such a vtable: where its type's tasks keep their ID; 0: they have
			     none */
	enum task_moment (*moment)(const uint64_t *words, const uint64_t *vtable);
	/*
	 * The executor of its polls on the calling thread. NULL if the table of executors is full.
	 */
	struct executor *(*executor)(const struct task_module *module);
};

struct task_slot {
	void (*function)(void); /* the vtable's original function */
	struct task_module *module;
	const struct task_family *family;
	uintptr_t vtable; /* 0: free */
	uint32_t type;	  /* see task_types.h */
	/* A library-specific word of a task's header: Tokio's owner_id, async-task's state. */
	uint8_t word;
	bool job;
	bool by_shape;
	/* The layout of its tasks' futures; NULL: not known, or none of them ever holds a guard. */
	const struct layout_task *future;
};

extern struct task_slot task_slots[TASK_SLOTS];

/* Replaces the function. False if no number is left, or the page cannot be written. */
bool task_slot_hook(struct task_module *module, const struct task_family *family,
		    const struct task_vtable *vtable, bool page_is_read_only);

/* Restores the protection of the page opened last. Call it after a module's last task_slot_hook. */
void task_slots_close_page(void);

/* The module, including its vtables, was unmapped. */
void task_slots_release(const struct task_module *module);

#endif
