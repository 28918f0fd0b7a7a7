/*
 * Stacks that were met before, for a call that is too cheap to walk its stack each time.
 *
 * A walk is a function of where it begins and of the words it reads: the return addresses, and the
 * saved frame pointers that some frames are found by. Each thread remembers its last walks by the
 * stack pointer they began at. When it comes by again, every word that the walk read is compared
 * with what it held then: one load and one comparison a word, 0.5 ns a frame in place of a
 * walk's 7. All are the same: so is the stack, and no frame of it can have been missed. One
 * differs: it is walked. Where a walk depended on more than such words (code without unwind
 * information, a signal handler's frame, a stack that is not the thread's own and may be mapped
 * anew), nothing is remembered and it is walked every time.
 *
 * Equal stacks of all threads are one struct known_stack, which lives as long as the process; those
 * found anew after other rules came into force too.
 */
#ifndef RUNTIME_LOCKS_KNOWN_STACK_H
#define RUNTIME_LOCKS_KNOWN_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/unwind/unwinder.h"

struct python_caller;

#define STACK_MEMORY_SIZE 32 /* walks that a thread remembers; a power of two */
#define CALLED_FROM_SIZE  16 /* the same of places in Python code */

struct known_stack {
	struct known_stack *next; /* of the same bucket */
	uint64_t hash;
	uint32_t record; /* offset of its trace_stack, once it is written */
	uint32_t record_epoch;
	uint16_t depth;
	uint16_t code_words, frame_words; /* that were read: addresses of code, of frames */
	bool start_bp;			  /* and the first frame's frame pointer */
	bool incomplete;		  /* cannot be compared */
	bool caller_only;		  /* it was not walked: see held_quiet.h */
	bool below_loop;		  /* an event loop's frames were left out */
	uint8_t places;			  /* of an interpreter's: see known_stack_of_python */
	int64_t bp;			  /* relative to the stack pointer, as frame words are */
	/* depth frames, innermost first; the words' values; their offsets from the stack pointer,
	 * two in one */
	uint64_t data[];
};

/* Rooms for a walk under way: a signal handler may come in between, and walk too. */
#define WALK_ROOMS 2

struct walk_room;

/* The walks that a thread remembers. */
struct stack_memory {
	struct walk_room *rooms[WALK_ROOMS]; /* NULL: in use, or not made yet */
	struct remembered_walk {
		uintptr_t key, caller;
		const struct known_stack *stack; /* NULL where key is 0 */
	} walks[STACK_MEMORY_SIZE];
	const struct known_stack *called_from[CALLED_FROM_SIZE]; /* of Python code; NULL: free */
};

/* What a function that asks for its frame's address has there: the caller's rbp, and above it the
 * return address (gcc and clang alike). */
struct known_frame {
	uintptr_t bp, caller;
};

/* Another thread has it from now on, with a stack of its own. */
void stack_memory_forget(struct stack_memory *memory);

/* Walks, and remembers it. */
COLD const struct known_stack *known_stack_walk(struct stack_memory *memory,
						const struct known_frame *frame);

static inline uint64_t known_stack_load(uintptr_t address)
{
	return *(const uint64_t *)address;
}

static inline const uint64_t *known_stack_values(const struct known_stack *stack)
{
	return stack->data + stack->depth;
}

static inline const uint32_t *known_stack_offsets(const struct known_stack *stack)
{
	return (const uint32_t *)(known_stack_values(stack) + stack->code_words +
				  stack->frame_words);
}

/* Budget: half a nanosecond a word. */
static inline bool known_stack_is_same(const struct known_stack *stack, uintptr_t sp, uintptr_t bp)
{
	const uint64_t *values = known_stack_values(stack);
	const uint32_t *offsets = known_stack_offsets(stack);
	unsigned code = stack->code_words, all = code + stack->frame_words, i;
	uint64_t differs = 0;

	/* Nearly always all are the same: no branch for each. */
	for (i = 0; i + 4 <= code; i += 4)
		differs |= (known_stack_load(sp + offsets[i]) ^ values[i]) |
			   (known_stack_load(sp + offsets[i + 1]) ^ values[i + 1]) |
			   (known_stack_load(sp + offsets[i + 2]) ^ values[i + 2]) |
			   (known_stack_load(sp + offsets[i + 3]) ^ values[i + 3]);
	for (; i < code; i++)
		differs |= known_stack_load(sp + offsets[i]) ^ values[i];
	for (; i < all; i++)
		differs |= (known_stack_load(sp + offsets[i]) - sp) ^ values[i];
	return !differs && (!stack->start_bp || (int64_t)(bp - sp) == stack->bp);
}

static inline struct remembered_walk *known_stack_slot(struct stack_memory *memory,
						       const struct known_frame *frame)
{
	uintptr_t mixed = (uintptr_t)frame >> 4 ^ frame->caller ^ frame->caller >> 6;

	return &memory->walks[mixed & (STACK_MEMORY_SIZE - 1)];
}

/* Of a stack pointer, and of the rules that it was walked by: stacks are aligned to 16 in one half
 * of the address space. */
static inline uintptr_t known_stack_key(uintptr_t sp, uint32_t generation)
{
	return sp | (uintptr_t)generation << 48;
}

/* The present stack from the caller of the function whose __builtin_frame_address(0) is `address`,
 * if the thread remembers it; else NULL. */
static inline const struct known_stack *known_stack_find(struct stack_memory *memory,
							 const void *address)
{
	const struct known_frame *frame = address;
	uintptr_t sp = (uintptr_t)(frame + 1);
	uint32_t generation = __atomic_load_n(&unwinder_generation, __ATOMIC_RELAXED);
	const struct remembered_walk *walk = known_stack_slot(memory, frame);

	if (LIKELY(walk->key == known_stack_key(sp, generation) && walk->caller == frame->caller &&
		   known_stack_is_same(walk->stack, sp, frame->bp)))
		return walk->stack;
	return NULL;
}

/* The same, own code left out, walked where it is not remembered. Never NULL: where there is no
 * room for a new one, an empty stack. Async-signal-safe. */
static inline const struct known_stack *known_stack_at(struct stack_memory *memory,
						       const void *address)
{
	const struct known_stack *known = known_stack_find(memory, address);

	return LIKELY(known != NULL) ? known : known_stack_walk(memory, address);
}

/* A stack that was not looked at: its innermost return address alone. */
COLD const struct known_stack *known_stack_of_caller(uintptr_t caller);

#define KNOWN_STACK_HERE(memory) known_stack_at(memory, __builtin_frame_address(0))

/* The present stack of Python frames; `caller` alone where it cannot be read. */
COLD const struct known_stack *known_stack_of_python(uintptr_t caller);

/* The same to the coroutine at most, as python_called_from has it. */
const struct known_stack *known_stack_called_from(struct stack_memory *memory, uintptr_t caller,
						  struct python_caller *from);

/* The one place where the coroutine of this frame is suspended, that took a lock at `taken`; NULL
 * when it is gone. */
COLD const struct known_stack *known_stack_of_coroutine(const struct known_stack *taken,
							uintptr_t frame);

/* The one that is kept of those that are equal to this, which is all set but for its hash; NULL
 * when there is no room. Some room is there at last alone. */
COLD const struct known_stack *known_stack_keep(struct known_stack *made, bool at_last);

/* Of a stack of Python frames: the offset of its trace_script_lines; 0. */
COLD uint32_t known_stack_script(const struct known_stack *stack);

/* Its record in the trace, written on first use; 0 when there is no room. */
uint32_t known_stack_record(const struct known_stack *stack);

/* In a forked child: what was written is the parent's. */
void known_stacks_forked(void);

#endif
