#include "call_memory.h"

#include <string.h>

#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"

struct call_memory {
	/* Apart from the stacks: one cache line shows whether a stack may be known. */
	struct call_key {
		uintptr_t stack, caller;
	} keys[CALL_MEMORY_SETS][CALL_MEMORY_WAYS];
	uint8_t next[CALL_MEMORY_SETS]; /* way that is replaced next */
	struct unwind_trail trail;
	struct call_place places[CALL_MEMORY_SETS][CALL_MEMORY_WAYS];
};

static uint32_t epoch;

COLD static struct call_memory *call_memory_make(void)
{
	if (!runtime_silent)
		this_thread.call_memory = memory_map(sizeof(struct call_memory));
	return this_thread.call_memory;
}

static struct unwind_start start_of(const struct known_frame *frame)
{
	return (struct unwind_start){ frame->caller - 1, (uintptr_t)(frame + 1), frame->bp };
}

static inline struct call_key call_key_of(const struct known_frame *frame)
{
	uint32_t generation = __atomic_load_n(&unwinder_generation, __ATOMIC_ACQUIRE);

	return (struct call_key){ known_stack_key((uintptr_t)(frame + 1), generation),
				  frame->caller };
}

static inline unsigned call_set_of(const struct known_frame *frame)
{
	return (unsigned)((uintptr_t)frame >> 4 ^ frame->caller ^ frame->caller >> 6) %
	       CALL_MEMORY_SETS;
}

COLD static struct call_at call_memory_walk(struct call_memory *memory,
					    const struct known_frame *frame)
{
	const struct unwind_start start = start_of(frame);
	const struct call_key key = call_key_of(frame);
	unsigned set = call_set_of(frame), way = memory->next[set]++ % CALL_MEMORY_WAYS;
	struct call_place *place = &memory->places[set][way];

	memory->keys[set][way] = (struct call_key){ 0 };
	place->uses++;
	place->site = NULL;
	place->repeats = place->harmless = false;
	known_stack_unwind(&start, &memory->trail, &place->stack, CALL_MEMORY_WORDS);
	if (!place->stack.incomplete)
		memory->keys[set][way] = key;
	return (struct call_at){ place, place->uses };
}

struct call_at call_memory_find(const struct known_frame *frame)
{
	struct call_memory *memory = this_thread.call_memory;
	const struct call_key key = call_key_of(frame);
	unsigned set = call_set_of(frame);

	for (unsigned way = 0; memory && way < CALL_MEMORY_WAYS; way++) {
		struct call_place *place = &memory->places[set][way];

		if (memory->keys[set][way].stack == key.stack &&
		    memory->keys[set][way].caller == key.caller &&
		    known_stack_is_same(&place->stack, (uintptr_t)(frame + 1), frame->bp))
			return (struct call_at){ place, place->uses };
	}
	return (struct call_at){ NULL, 0 };
}

struct call_at call_memory_stack(const struct known_frame *frame, uint64_t *frames, uint32_t *depth)
{
	struct call_memory *memory = this_thread.call_memory;
	const struct unwind_start start = start_of(frame);
	struct call_at at = call_memory_find(frame);

	if (UNLIKELY(!memory) && !(memory = call_memory_make())) {
		*depth = (uint32_t)unwinder_walk(&start, frames, NULL, TRACE_MAX_FRAMES);
		return at;
	}
	if (!at.place)
		at = call_memory_walk(memory, frame);
	*depth = at.place->stack.depth;
	memcpy(frames, at.place->stack.data, *depth * sizeof *frames);
	return at;
}

bool call_memory_has_site(const struct call_place *place)
{
	return place->site && place->epoch == epoch;
}

bool call_memory_has_event(const struct call_place *place)
{
	return (place->site || place->harmless) && place->epoch == epoch;
}

static bool is_same_event(const struct call_event *one, const struct call_event *other)
{
	return one->executor == other->executor && one->call == other->call &&
	       one->level == other->level && one->flags == other->flags &&
	       one->subject == other->subject && one->severity == other->severity;
}

struct trace_site *call_memory_site(struct call_at at, const struct call_event *event)
{
	const struct call_place *place = at.place;

	return place && place->uses == at.uses && call_memory_has_site(place) &&
			       is_same_event(&place->event, event)
		       ? place->site
		       : NULL;
}

void call_memory_keep(struct call_at at, const struct call_event *event, struct trace_site *site)
{
	if (!at.place || at.place->uses != at.uses || at.place->stack.incomplete)
		return;
	at.place->repeats = false;
	at.place->harmless = !site;
	at.place->event = *event;
	at.place->site = site;
	at.place->epoch = epoch;
}

void call_memory_thread_ends(void)
{
	if (this_thread.call_memory && !runtime_silent)
		system_call(SYS_munmap, (long)this_thread.call_memory, sizeof(struct call_memory),
			    0, 0, 0, 0);
	this_thread.call_memory = NULL;
}

void call_memory_forked(void)
{
	epoch++;
}
