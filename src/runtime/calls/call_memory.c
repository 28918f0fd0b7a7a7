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

COLD static struct call_at call_memory_walk(struct call_memory *memory, unsigned set,
					    struct call_key key, const struct unwind_start *start)
{
	unsigned way = memory->next[set]++ % CALL_MEMORY_WAYS;
	struct call_place *place = &memory->places[set][way];

	memory->keys[set][way] = (struct call_key){ 0 };
	place->uses++;
	place->site = NULL;
	known_stack_unwind(start, &memory->trail, &place->stack, CALL_MEMORY_WORDS);
	if (!place->stack.incomplete)
		memory->keys[set][way] = key;
	return (struct call_at){ place, place->uses };
}

struct call_at call_memory_stack(const struct known_frame *frame, uint64_t *frames, uint32_t *depth)
{
	struct call_memory *memory = this_thread.call_memory;
	struct unwind_start start = { frame->caller - 1, (uintptr_t)(frame + 1), frame->bp };
	struct call_key key = {
		known_stack_key(start.sp, __atomic_load_n(&unwinder_generation, __ATOMIC_ACQUIRE)),
		frame->caller,
	};
	unsigned set =
		(unsigned)(start.sp >> 4 ^ frame->caller ^ frame->caller >> 6) % CALL_MEMORY_SETS;
	struct call_at at = { NULL, 0 };

	if (UNLIKELY(!memory) && !(memory = call_memory_make())) {
		*depth = (uint32_t)unwinder_walk(&start, frames, NULL, TRACE_MAX_FRAMES);
		return at;
	}
	for (unsigned way = 0; way < CALL_MEMORY_WAYS && !at.place; way++)
		if (memory->keys[set][way].stack == key.stack &&
		    memory->keys[set][way].caller == key.caller &&
		    known_stack_is_same(&memory->places[set][way].stack, start.sp, start.bp))
			at.place = &memory->places[set][way];
	if (LIKELY(at.place != NULL))
		at.uses = at.place->uses;
	else
		at = call_memory_walk(memory, set, key, &start);
	*depth = at.place->stack.depth;
	memcpy(frames, at.place->stack.data, *depth * sizeof *frames);
	return at;
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

	return place && place->site && place->uses == at.uses && place->epoch == epoch &&
			       is_same_event(&place->event, event)
		       ? place->site
		       : NULL;
}

void call_memory_keep(struct call_at at, const struct call_event *event, struct trace_site *site)
{
	if (!at.place || at.place->uses != at.uses || at.place->stack.incomplete)
		return;
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
