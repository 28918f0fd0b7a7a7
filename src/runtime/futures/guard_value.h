/*
 * Reading what a suspended future holds: at rest it is there, and each load is one; what may be
 * gone is read by a call that answers instead of faulting. In line, for a look before each poll.
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

/* A look at a task. */
struct look {
	struct guard_spot spot;
	const struct task_module *module;
	const struct task_slot *slot; /* NULL: of a root future */
	const struct layout_task *task;
	const struct mapped_layout *layout;
	const void *header; /* of the task; the root future itself */
	struct guard_rest *rest;
	uint32_t level; /* futures around what is looked at */
	bool aside;
	bool unpolled;	  /* since the last look, as far as is known */
	bool far;	  /* what is read now may not be there */
	uintptr_t wanted; /* a lock; 0: none is */
	bool seeks;	  /* nothing is recorded: only whether the task holds that one matters */
	struct trace_guard_site *matched; /* of the one that is wanted, or any */
	/* Of the task: whether it holds what it held at its last poll, and since when. */
	bool found, goes_on, rested;
	uint64_t rested_ns; /* where `rested` says so */
};

/* An integer; false where nothing can be read. */
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
 * Whether a variable of a state is alive there, or only its bytes are: it was dropped or moved
 * before the await. That leaves a drop flag where panics unwind; which is whose is not always
 * known, but what has none of its own was not dropped.
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

/* Where the value lies, through its box; 0 when it is not there. Of what is in doubt the box may be
 * gone, and what its guard points at: all that is read from here on. */
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
