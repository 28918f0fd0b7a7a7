/*
 * The await chain of a suspended task, read from its future with the layout of its program. The
 * memory may belong to another process, or change while it is read: every value is checked.
 */
#ifndef SHARED_LAYOUT_CHAIN_H
#define SHARED_LAYOUT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/layout.h"

#define LAYOUT_MAX_LINKS 32 /* deeper chains are truncated */

struct layout_memory {
	/* False if the memory cannot be read. */
	bool (*read)(const struct layout_memory *memory, uint64_t address, void *to, size_t size);
	uint64_t base; /* added to the file's addresses */
};

/* False if it cannot be read. */
static inline bool layout_memory_integer(const struct layout_memory *memory, uint64_t address,
					 uint32_t size, uint64_t *value)
{
	*value = 0;
	return size <= sizeof *value && memory->read(memory, address, value, size);
}

/* Whether a bool can be read, and is true. */
static inline bool layout_memory_flag(const struct layout_memory *memory, uint64_t address)
{
	uint64_t flag;

	return layout_memory_integer(memory, address, 1, &flag) && flag == 1;
}

/* A machine and its current state: indexes in the layout. */
struct layout_link {
	uint32_t machine, state;
	uint32_t others; /* number of futures it waits for besides the next link */
};

/*
 * Returns the number of links, from the task inward, the innermost last; 0 if the task's machine is
 * not known. A future that has not begun has a state that waits for nothing. Writes at most `room`
 * links. `addresses`: those of their machines, room for as many, or NULL.
 */
size_t layout_chain(const struct layout *layout, const struct layout_memory *memory,
		    const struct layout_task *task, uint64_t header, struct layout_link *links,
		    uint64_t *addresses, size_t room);

typedef void layout_arm_visit(void *data, const struct layout_link *links, size_t count);

/*
 * Calls `visit` for each chain of a task: one for each future that it waits for, such as the arms
 * of join! and the members of a FuturesUnordered; at most `most`. The first is that of
 * layout_chain.
 */
void layout_arms(const struct layout *layout, const struct layout_memory *memory,
		 const struct layout_task *task, uint64_t header, size_t most,
		 layout_arm_visit *visit, void *data);

/* Same for a single future. */
size_t layout_chain_of(const struct layout *layout, const struct layout_memory *memory,
		       uint32_t machine, uint64_t address, struct layout_link *links, size_t room);

/*
 * The address of a value of the machine at `address`, following its box. False if it is not there.
 */
bool layout_value_at(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_value *value, uint64_t address, uint64_t *at);

/* The current state, an index in the layout, of the machine at `address`. LAYOUT_NONE: it cannot be
 * read, or the machine is not known or has no such state. */
uint32_t layout_state_at(const struct layout *layout, const struct layout_memory *memory,
			 uint32_t machine, uint64_t address);

/* The task with this address of its poll function in the file; NULL: none. */
const struct layout_task *layout_task_of(const struct layout *layout, uint64_t poll);

/* The machine of a `dyn Future' with this address of its vtable in the file; LAYOUT_NONE. */
uint32_t layout_machine_of(const struct layout *layout, uint64_t vtable);

/* The value that the state awaits, if that is not a machine. NULL: not known. */
const struct layout_value *layout_leaf(const struct layout *layout,
				       const struct layout_state *state);

#endif
