/*
 * The chain of awaits of a suspended task, read out of its future by the layout of its program. The
 * memory may be another process's, or change while it is read: all that is read is doubted.
 */
#ifndef SHARED_LAYOUT_CHAIN_H
#define SHARED_LAYOUT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/layout.h"

#define LAYOUT_MAX_LINKS 32 /* deeper chains are cut short */

struct layout_memory {
	/* False where nothing can be read. */
	bool (*read)(const struct layout_memory *memory, uint64_t address, void *to, size_t size);
	uint64_t base; /* what is added to the file's addresses */
};

/* A machine and the state it is in: places in the layout. */
struct layout_link {
	uint32_t machine, state;
	uint32_t others; /* futures that it waits for beside the one that follows */
};

/*
 * From the task inward, the innermost last; a future that has not begun has a state that waits for
 * nothing. Returns how many links there are: 0 where the task is of no known machine. No more than
 * `room` are written. `addresses`: of their machines, room for as many, or NULL.
 */
size_t layout_chain(const struct layout *layout, const struct layout_memory *memory,
		    const struct layout_task *task, uint64_t header, struct layout_link *links,
		    uint64_t *addresses, size_t room);

/* The same of a future by itself. */
size_t layout_chain_of(const struct layout *layout, const struct layout_memory *memory,
		       uint32_t machine, uint64_t address, struct layout_link *links, size_t room);

/* Where a value of the machine at `address` lies, through its box. False when it is not there. */
bool layout_value_at(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_value *value, uint64_t address, uint64_t *at);

/* The task's entry by the address of its poll function in the file; NULL: none. */
const struct layout_task *layout_task_of(const struct layout *layout, uint64_t poll);

/* The machine of a `dyn Future' by its vtable's address in the file; LAYOUT_NONE. */
uint32_t layout_machine_of(const struct layout *layout, uint64_t vtable);

/* What the state awaits, where that is no machine: a value of it. NULL: not told. */
const struct layout_value *layout_leaf(const struct layout *layout,
				       const struct layout_state *state);

#endif
