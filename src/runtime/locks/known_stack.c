#include "known_stack.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "runtime/trace/record_index.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/unwind/unwinder.h"

#define BUCKETS	   2048 /* a power of two */
#define CHUNK_SIZE (64 << 10)
#define MAX_CHUNKS 32 /* 2 MiB: some 4000 stacks of 30 frames */

/*
 * An interpreter takes locks from ever new stacks. Once most of the room is used, keep only the
 * innermost frames of a new stack: they identify the code that locks, and there are few different
 * ones.
 */
#define WHOLE_CHUNKS 24
#define CUT_DEPTH    12

static struct known_stack *buckets[BUCKETS];
static const struct known_stack no_stack = { .incomplete = true };
static uint32_t epoch; /* of the trace that records lie in */

static struct chunk {
	uint64_t used, unused;
	char bytes[];
} * chunk; /* the chunk being filled */
static uint32_t chunk_count;

/*
 * Returns memory that is never freed; NULL when `chunks` chunks are used. Lock-free: a signal
 * handler or another thread may run at the same time.
 */
COLD static void *take_memory(size_t size, uint32_t chunks)
{
	size = (size + 15) & ~(size_t)15;
	for (;;) {
		struct chunk *now = __atomic_load_n(&chunk, __ATOMIC_ACQUIRE), *fresh;
		uint64_t used = now ? __atomic_fetch_add(&now->used, size, __ATOMIC_RELAXED) : 0;

		if (now && used + size <= CHUNK_SIZE - sizeof *now)
			return now->bytes + used;
		if (__atomic_load_n(&chunk_count, __ATOMIC_RELAXED) >= chunks)
			return NULL;
		__atomic_fetch_add(&chunk_count, 1, __ATOMIC_RELAXED);
		fresh = memory_map(CHUNK_SIZE);
		if (!fresh)
			return NULL;
		/* The chunk of the loser of this race is never touched, so it costs no memory. */
		__atomic_compare_exchange_n(&chunk, &now, fresh, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
	}
}

/*
 * Room for the largest stack that can be walked. Not on the program's stack: the smallest possible
 * thread stack (16 KiB) is too small.
 */
struct walk_room {
	struct unwind_trail trail;
	union {
		struct known_stack stack;
		uint64_t room[sizeof(struct known_stack) / 8 + TRACE_MAX_FRAMES + UNWIND_TRAIL +
			      UNWIND_TRAIL / 2];
	};
};

/* A signal handler that interrupts this has returned what it took by the time it ends. */
COLD static struct walk_room *room_take(struct stack_memory *memory)
{
	for (int i = 0; i < WALK_ROOMS; i++) {
		struct walk_room *room = memory->rooms[i];

		memory->rooms[i] = NULL;
		if (room)
			return room;
	}
	return memory_map(sizeof(struct walk_room));
}

COLD static void room_give_back(struct stack_memory *memory, struct walk_room *room)
{
	for (int i = 0; i < WALK_ROOMS; i++)
		if (!memory->rooms[i]) {
			memory->rooms[i] = room;
			return;
		}
}

void stack_memory_forget(struct stack_memory *memory)
{
	memset(memory->walks, 0, sizeof memory->walks);
}

static void put_words(struct known_stack *stack, const struct unwind_trail *trail, uintptr_t sp)
{
	uint64_t *values = stack->data + stack->depth;
	uint32_t *offsets = (uint32_t *)(values + trail->count);
	unsigned at = 0;

	for (int frame = 0; frame < 2; frame++) {
		for (unsigned i = 0; i < trail->count; i++) {
			uintptr_t place = trail->words[i].place;

			if (trail->words[i].frame != frame)
				continue;
			values[at] = known_stack_load(place) - (frame ? sp : 0);
			offsets[at++] = (uint32_t)(place - sp);
		}
		if (!frame)
			stack->code_words = (uint16_t)at;
	}
	stack->frame_words = (uint16_t)(at - stack->code_words);
}

static size_t data_size(const struct known_stack *stack)
{
	size_t words = stack->code_words + stack->frame_words;

	return (stack->depth + words + (words + 1) / 2 + 2 * stack->places) * sizeof *stack->data;
}

static const struct known_stack *known_stack_search(const struct known_stack *head,
						    const struct known_stack *wanted)
{
	size_t size = data_size(wanted);

	for (; head; head = __atomic_load_n(&head->next, __ATOMIC_ACQUIRE))
		if (head->hash == wanted->hash && head->depth == wanted->depth &&
		    head->code_words == wanted->code_words &&
		    head->frame_words == wanted->frame_words &&
		    head->start_bp == wanted->start_bp && head->bp == wanted->bp &&
		    head->incomplete == wanted->incomplete &&
		    head->caller_only == wanted->caller_only && head->places == wanted->places &&
		    head->below_loop == wanted->below_loop &&
		    !memcmp(head->data, wanted->data, size))
			return head;
	return NULL;
}

/* Returns the stored stack that equals this one; NULL if there is no room for it. */
static const struct known_stack *known_stack_intern(struct known_stack *walked, uint32_t chunks)
{
	size_t size = data_size(walked);
	struct known_stack **bucket, *head, *made;
	const struct known_stack *known;

	walked->hash = walked->depth;
	for (size_t i = 0; i < size / sizeof *walked->data; i++)
		walked->hash = hash_mix(walked->hash, walked->data[i]);
	bucket = &buckets[walked->hash & (BUCKETS - 1)];
	head = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);
	known = known_stack_search(head, walked);
	if (known)
		return known;
	made = take_memory(sizeof *made + size, chunks);
	if (!made)
		return NULL;
	memcpy(made, walked, sizeof *made + size);
	do
		made->next = head;
	while (!__atomic_compare_exchange_n(bucket, &head, made, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE));
	return made;
}

static const struct known_stack *known_stack_store(struct known_stack *walked)
{
	const struct known_stack *kept = known_stack_intern(walked, WHOLE_CHUNKS);

	if (kept)
		return kept;
	if (walked->depth > CUT_DEPTH)
		walked->depth = CUT_DEPTH;
	walked->incomplete = true;
	walked->start_bp = false;
	walked->bp = 0;
	walked->code_words = walked->frame_words = 0;
	kept = known_stack_intern(walked, MAX_CHUNKS);
	return kept ? kept : &no_stack;
}

void known_stack_unwind(const struct unwind_start *start, struct unwind_trail *trail,
			struct known_stack *stack, unsigned words)
{
	memset(stack, 0, sizeof *stack);
	stack->depth = (uint16_t)unwinder_walk_noting(start, stack->data, TRACE_MAX_FRAMES, trail);
	stack->incomplete = trail->incomplete || trail->count > words;
	for (unsigned i = 0; i < trail->count; i++)
		if (trail->words[i].place < start->sp ||
		    trail->words[i].place - start->sp > UINT32_MAX ||
		    !thread_on_own_stack(trail->words[i].place))
			stack->incomplete = true;
	if (stack->incomplete)
		return;
	stack->start_bp = trail->start_bp;
	stack->bp = trail->start_bp ? (int64_t)(start->bp - start->sp) : 0;
	put_words(stack, trail, start->sp);
	if ((stack->code_words + stack->frame_words) & 1)
		((uint32_t *)known_stack_offsets(stack))[stack->code_words + stack->frame_words] =
			0;
}

const struct known_stack *known_stack_walk(struct stack_memory *memory,
					   const struct known_frame *frame)
{
	OWN_CODE_SCOPE;
	struct unwind_start start = { frame->caller - 1, (uintptr_t)(frame + 1), frame->bp };
	uint32_t generation = __atomic_load_n(&unwinder_generation, __ATOMIC_ACQUIRE);
	struct remembered_walk *remembered = known_stack_slot(memory, frame);
	struct walk_room *room = room_take(memory);
	const struct known_stack *stack;

	if (!room)
		return &no_stack;
	known_stack_unwind(&start, &room->trail, &room->stack, UNWIND_TRAIL);
	stack = known_stack_store(&room->stack);
	room_give_back(memory, room);
	if (!stack->incomplete) {
		remembered->key = known_stack_key(start.sp, generation);
		remembered->caller = frame->caller;
		remembered->stack = stack;
	}
	return stack;
}

const struct known_stack *known_stack_keep(struct known_stack *made, bool at_last)
{
	return known_stack_intern(made, at_last ? MAX_CHUNKS : WHOLE_CHUNKS);
}

const struct known_stack *known_stack_of_caller(uintptr_t caller)
{
	union {
		struct known_stack stack;
		uint64_t room[sizeof(struct known_stack) / 8 + 2];
	} made = { .stack = { .depth = 1, .incomplete = true, .caller_only = true } };
	const struct known_stack *kept;

	made.stack.data[0] = caller;
	kept = known_stack_intern(&made.stack, MAX_CHUNKS);
	return kept ? kept : &no_stack;
}

uint32_t known_stack_record(const struct known_stack *stack)
{
	struct known_stack *known = (struct known_stack *)stack;
	struct trace_stack *record;

	if (known->record && known->record_epoch == epoch)
		return known->record;
	record = trace_allocate(sizeof *record + stack->depth * sizeof *record->frames);
	if (!record)
		return 0;
	record->depth = stack->depth;
	memcpy(record->frames, stack->data, stack->depth * sizeof *record->frames);
	if (stack->caller_only)
		record->flags |= TRACE_STACK_NOT_KEPT;
	if (stack->below_loop)
		record->flags |= TRACE_STACK_BELOW_LOOP;
	if (stack->places)
		record->script = known_stack_script(stack);
	trace_publish(record, RECORD_STACK);
	if (stack == &no_stack) /* shared and constant */
		return trace_offset(record);
	known->record_epoch = epoch;
	known->record = trace_offset(record);
	return known->record;
}

void known_stacks_forked(void)
{
	epoch++;
}
