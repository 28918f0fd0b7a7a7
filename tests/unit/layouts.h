/* Layouts of async functions that were never compiled, and futures that lie as they say. */
#ifndef TESTS_LAYOUTS_H
#define TESTS_LAYOUTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "contract/layout.h"

#define LAYOUT_PAGE		4096

#define PART(type, name, count) type name[count] __attribute__((aligned(8)))

struct made_layout {
	struct layout_header header;
	PART(struct layout_machine, machines, 32);
	PART(struct layout_state, states, 96);
	PART(struct layout_value, values, 64);
	PART(struct layout_task, tasks, 8);
	PART(struct layout_root, roots, 8);
	PART(struct layout_vtable, vtables, 8);
	PART(struct layout_condition, conditions, 32);
	PART(struct layout_word, words, 8);
	PART(struct layout_sequence, sequences, 8);
	PART(struct layout_end, ends, 8);
	PART(struct layout_event_source, sources, 8);
	PART(char, texts, 64);
};

static inline uint32_t layout_take(struct made_layout *made, enum layout_part part)
{
	return made->header.parts[part].count++;
}

static inline void layout_begin(struct made_layout *made)
{
	static const size_t offsets[LAYOUT_PARTS] = {
		[LAYOUT_MACHINES] = offsetof(struct made_layout, machines),
		[LAYOUT_STATES] = offsetof(struct made_layout, states),
		[LAYOUT_VALUES] = offsetof(struct made_layout, values),
		[LAYOUT_TASKS] = offsetof(struct made_layout, tasks),
		[LAYOUT_ROOTS] = offsetof(struct made_layout, roots),
		[LAYOUT_VTABLES] = offsetof(struct made_layout, vtables),
		[LAYOUT_CONDITIONS] = offsetof(struct made_layout, conditions),
		[LAYOUT_WORDS] = offsetof(struct made_layout, words),
		[LAYOUT_SEQUENCES] = offsetof(struct made_layout, sequences),
		[LAYOUT_ENDS] = offsetof(struct made_layout, ends),
		[LAYOUT_SOURCES] = offsetof(struct made_layout, sources),
		[LAYOUT_TEXTS] = offsetof(struct made_layout, texts),
	};

	memset(made, 0, sizeof *made);
	memcpy(made->header.magic, LAYOUT_MAGIC, sizeof made->header.magic);
	made->header.version = LAYOUT_VERSION;
	made->header.flags = LAYOUT_HAS_RUST | LAYOUT_HAS_TYPES | LAYOUT_HAS_TOKIO;
	made->header.size = sizeof *made;
	for (int i = 0; i < LAYOUT_PARTS; i++)
		made->header.parts[i].offset = (uint32_t)offsets[i];
	made->header.parts[LAYOUT_TEXTS].count = sizeof made->texts;
}

static inline void layout_finish(struct made_layout *made)
{
	made->header.sum = layout_sum(&made->header);
}

/* A future of a machine that waits once. Where its parts lie: */
struct made_future {
	uint8_t state, flag, other_flag, variant;
	uint32_t reserved;
	void *guard; /* a guard is a pointer to its lock */
	uint64_t more[6];
};

#define SUSPENDED 3 /* the discriminant of its only await */

/* With the states that each has, of which only the last waits; its values are to follow. */
static inline uint32_t layout_put_machine(struct made_layout *made)
{
	uint32_t number = layout_take(made, LAYOUT_MACHINES);
	struct layout_machine *machine = &made->machines[number];

	machine->size = sizeof(struct made_future);
	machine->discriminant_size = 1;
	machine->first_state = made->header.parts[LAYOUT_STATES].count;
	machine->state_count = SUSPENDED + 1;
	for (uint32_t value = 0; value <= SUSPENDED; value++) {
		struct layout_state *state = &made->states[layout_take(made, LAYOUT_STATES)];

		state->value = value;
		state->awaits = LAYOUT_NONE;
		state->first_value = made->header.parts[LAYOUT_VALUES].count;
	}
	return number;
}

static inline struct layout_state *layout_suspended(struct made_layout *made)
{
	return &made->states[made->header.parts[LAYOUT_STATES].count - 1];
}

/* What the last machine has when it waits. */
static inline struct layout_value *layout_put_value(struct made_layout *made, enum held_class class,
						    size_t offset, size_t size)
{
	struct layout_value *value = &made->values[layout_take(made, LAYOUT_VALUES)];
	struct layout_state *state = layout_suspended(made);

	value->offset = (uint32_t)offset;
	value->size = (uint32_t)size;
	value->box = value->machine = value->word = value->drop_flag = value->sequence =
		value->end = LAYOUT_NONE;
	value->class = (uint16_t) class;
	value->first_condition = made->header.parts[LAYOUT_CONDITIONS].count;
	state->value_count++;
	if (class == HELD_LOCK || class == HELD_BORROW || class == HELD_FUTURE) {
		value->flags = VALUE_HOLDS;
		state->flags = HOLDS_MAYBE;
		state->held_count++;
	}
	return value;
}

static inline struct layout_value *layout_put_guard(struct made_layout *made)
{
	struct layout_value *value = layout_put_value(
		made, HELD_LOCK, offsetof(struct made_future, guard), sizeof(void *));

	value->word = 0;
	return value;
}

static inline struct layout_value *layout_put_future(struct made_layout *made, uint32_t machine,
						     size_t offset, uint16_t flags)
{
	struct layout_value *value = layout_put_value(made, HELD_FUTURE, offset, sizeof(void *));

	value->machine = machine;
	value->flags |= flags;
	return value;
}

/* Of the last value. */
static inline void layout_put_condition(struct made_layout *made, struct layout_value *value,
					size_t offset, uint64_t wanted, uint8_t flags)
{
	made->conditions[layout_take(made, LAYOUT_CONDITIONS)] = (struct layout_condition){
		.value = wanted, .offset = (uint32_t)offset, .size = 1, .flags = flags
	};
	value->condition_count++;
}

/* A 32-bit word at the lock's beginning. */
static inline void layout_put_word(struct made_layout *made)
{
	made->words[layout_take(made, LAYOUT_WORDS)] =
		(struct layout_word){ .mask = UINT32_MAX, .size = 4, .waits = LAYOUT_NONE };
}

static inline void *layout_map_page(void)
{
	void *page =
		mmap(NULL, LAYOUT_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	return page;
}

/* Where nothing is. */
static inline void *layout_gone_page(void)
{
	void *page = layout_map_page();

	munmap(page, LAYOUT_PAGE);
	return page;
}

#endif
