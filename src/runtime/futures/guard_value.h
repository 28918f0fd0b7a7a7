/*
 * Reads the values that a suspended future holds. A future at rest can be loaded directly; memory
 * that may be gone is read by a system call that fails instead of faulting. Inlined, because it
 * runs before each poll.
 */
#ifndef RUNTIME_FUTURES_GUARD_VALUE_H
#define RUNTIME_FUTURES_GUARD_VALUE_H

#include <string.h>

#include "runtime/base/compiler.h"
#include "contract/layout.h"
#include "runtime/base/far_read.h"
#include "guard_sites.h"
#include "runtime/tasks/layout_map.h"

struct guard_rest;
struct task_module;
struct task_slot;

enum alive { ALIVE, GONE, IN_DOUBT };

/* One inspection of a task. */
struct look {
	struct guard_spot spot;
	const struct task_module *module;
	const struct task_slot *slot; /* NULL for a root future */
	const struct layout_task *task;
	const struct mapped_layout *layout;
	const void *header; /* of the task; for a root, the future itself */
	struct guard_rest *rest;
	uint32_t level; /* number of futures around the inspected one */
	bool aside;
	bool unpolled;			  /* not polled since the last look, as far as is known */
	bool far;			  /* what is read now may not exist */
	uintptr_t wanted;		  /* a lock to search for; 0: none */
	bool seeks;			  /* records nothing: only searches for that lock */
	struct trace_guard_site *matched; /* the site of the lock searched for, or any */
	/* Whether the task holds what it held at its last poll, and since when. */
	bool found, goes_on, rested;
	uint64_t rested_ns; /* valid if `rested` */
	uint32_t counted;   /* of it before this look; see guard_rest_counted() */
};

/* Reads an integer; false if it cannot be read. */
static inline bool fetch(bool far, uintptr_t address, uint32_t size, uint64_t *value)
{
	*value = 0;
	if (UNLIKELY(far || size > sizeof *value))
		return size <= sizeof *value && far_read(address, value, size);
	switch (size) {
	case 1:
		*value = *(const uint8_t *)address;
		return true;
	case 8:
		*value = *(const uint64_t *)address;
		return true;
	case 4:
		*value = *(const uint32_t *)address;
		return true;
	default:
		memcpy(value, (const void *)address, size);
		return true;
	}
}

static inline bool holds(const struct look *look, const struct layout_condition *condition,
			 uintptr_t address)
{
	uint64_t value,
		mask = condition->size < 8 ? (UINT64_C(1) << 8 * condition->size) - 1 : UINT64_MAX;

	if (!fetch(look->far, address + condition->offset, condition->size, &value))
		return false;
	return ((value & mask) == (condition->value & mask)) !=
	       ((condition->flags & CONDITION_NOT) != 0);
}

static inline bool all_hold(const struct look *look, uint32_t first, uint32_t count, uint8_t boxed,
			    uintptr_t address)
{
	const struct layout_condition *conditions = look->layout->table.conditions + first;

	for (uint32_t i = 0; i < count; i++)
		if ((conditions[i].flags & CONDITION_BOXED) == boxed &&
		    !holds(look, &conditions[i], address))
			return false;
	return true;
}

/*
 * Whether a variable of a state is alive there. Only its bytes may be there if it was dropped or
 * moved before the await. That leaves a drop flag if panics unwind. It is not always known which
 * flag belongs to which variable, but a variable without a flag was not dropped.
 */
static inline enum alive is_alive(const struct look *look, const struct layout_state *state,
				  const struct layout_value *value, uintptr_t address)
{
	const struct layout_value *flag =
		look->layout->table.values + state->first_value + state->held_count;
	uint64_t set;

	if (value->flags & (VALUE_AWAITED | VALUE_ALIVE))
		return ALIVE;
	if (value->drop_flag != LAYOUT_NONE)
		return fetch(look->far, address + value->drop_flag, 1, &set) && set == 1 ? ALIVE
											 : GONE;
	if (!state->flag_count && look->layout->table.header->flags & LAYOUT_PANICS_ABORT)
		return IN_DOUBT;
	for (uint32_t i = 0; i < state->flag_count; i++, flag++)
		if (!fetch(look->far, address + flag->offset, 1, &set) || set != 1)
			return IN_DOUBT;
	return ALIVE;
}

/*
 * Where the value lies, following its box; 0 if it is not there. For a doubtful value the box, and
 * what its guard points at, may be gone: all later reads are checked.
 */
static inline uintptr_t value_at(struct look *look, const struct layout_value *value,
				 uintptr_t address, enum alive alive)
{
	uint64_t box;

	if (value->condition_count &&
	    !all_hold(look, value->first_condition, value->condition_count, 0, address))
		return 0;
	if (value->box != LAYOUT_NONE && !fetch(look->far, address + value->box, sizeof box, &box))
		return 0;
	look->far |= alive == IN_DOUBT;
	if (value->box == LAYOUT_NONE)
		return address + value->offset;
	if (!box ||
	    !all_hold(look, value->first_condition, value->condition_count, CONDITION_BOXED, box))
		return 0;
	return box + value->offset;
}

#endif
