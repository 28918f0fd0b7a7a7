/*
 * A walk through a machine's own code, or its drop glue, in a known state; and sets of the
 * machine's bytes, for what is found on the way. x86-64 only.
 */
#ifndef DEBUG_INFO_LAYOUT_WALK_H
#define DEBUG_INFO_LAYOUT_WALK_H

#include "machine_code/code_walk.h"
#include "layout_build.h"

/* The first member of what a walk works on: each callback receives its address. */
struct layout_walk {
	const struct state_place *at;
	struct glue_code code;
	struct code_value (*calls)(void *walk, struct code_state *state, uint64_t target);
	/* An access to the machine or the stack; `stored` is NULL for a load. */
	void (*touches)(void *walk, uint64_t address, unsigned size,
			const struct code_value *stored);
	/* What no call changes, besides the state. */
	bool (*keeps)(const void *walk, uint64_t address);
	void (*returns)(void *walk, const struct code_state *state); /* or NULL */
	bool asks_state;					     /* the code read the state */
	bool strays; /* an address in the machine was lost sight of */
};

/* From the beginning of the code; `state` holds the machine, in which `value` becomes the state. */
enum code_walk_end layout_walk(struct layout_walk *walk, struct code_state *state, uint64_t value);

/* The caller frees it. */
static inline uint8_t *layout_bytes_make(const struct state_place *at)
{
	return memory_get((at->size + 7) / 8);
}

/* Bytes beyond the machine's end are left out. */
static inline void layout_bytes_add(uint8_t *bytes, const struct state_place *at, uint64_t offset,
				    uint64_t size)
{
	for (; size-- && offset < at->size; offset++)
		bytes[offset / 8] |= (uint8_t)(1U << offset % 8);
}

/* Whether any of them is in the set. */
static inline bool layout_bytes_have(const uint8_t *bytes, uint64_t offset, uint64_t size)
{
	for (uint64_t at = offset; at < offset + size; at++)
		if (bytes[at / 8] & 1U << at % 8)
			return true;
	return false;
}

#endif
