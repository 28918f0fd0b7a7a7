/*
 * A cache of stacks, for calls that are too cheap to walk their stack each time.
 *
 * The result of a walk depends on where it begins and on the words it reads: the return addresses,
 * and the saved frame pointers that locate some frames. Each thread remembers its last walks by the
 * stack pointer that they began at. At the same stack pointer, every word that the walk read is
 * compared with its former value: one load and one comparison a word, 0.5 ns a frame instead of 7
 * for a walk. If all are equal, the stack is the same and no frame can have been missed. If one
 * differs, the stack is walked.
 *
 * Nothing is remembered if a walk depended on more than these words: code without unwind
 * information, a signal handler's frame, a stack that is not the thread's own and may be mapped
 * anew.
 *
 * Equal stacks of all threads are one struct known_stack, which lives as long as the process, even
 * if it was found under different rules.
 */
#ifndef RUNTIME_LOCKS_KNOWN_STACK_H
#define RUNTIME_LOCKS_KNOWN_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/unwind/unwinder.h"

struct python_caller;

#define STACK_MEMORY_SIZE 32 /* walks remembered by a thread; a power of two */
#define CALLED_FROM_SIZE  16 /* same for places in Python code */

struct known_stack {
	struct known_stack *next; /* of the same bucket */
	uint64_t hash;
	uint32_t record; /* offset of its trace_stack, once written */
	uint32_t record_epoch;
	uint16_t depth;
	uint16_t code_words, frame_words; /* words read: addresses of code, of frames */
	bool start_bp;			  /* also depends on the first frame's frame pointer */
	bool incomplete;		  /* cannot be compared */
	bool caller_only;		  /* not walked: see held_quiet.h */
	bool below_loop;		  /* frames of an event loop were left out */
	uint8_t places;			  /* interpreter frames: see known_stack_of_python */
	int64_t bp;			  /* relative to the stack pointer, as frame words are */
	/* depth frames, innermost first; the words' values; their offsets from the stack pointer,
	 * two in one */
	uint64_t data[];
};

/* Rooms for walks in progress: a signal handler may interrupt a walk and walk too. */
#define WALK_ROOMS 2

struct walk_room;

/* The walks remembered by a thread. */
struct stack_memory {
	struct walk_room *rooms[WALK_ROOMS]; /* NULL: in use, or not made yet */
	struct remembered_walk {
		uintptr_t key, caller;
		const struct known_stack *stack; /* NULL where key is 0 */
	} walks[STACK_MEMORY_SIZE];
	const struct known_stack *called_from[CALLED_FROM_SIZE]; /* in Python code */
};

/*
 * What lies at the frame address of a function that asks for it: the caller's rbp, and above it the
 * return address (gcc and clang alike).
 */
struct known_frame {
	uintptr_t bp, caller;
};

/* Another thread takes over the memory, with another stack. */
void stack_memory_forget(struct stack_memory *memory);

/*
 * Walks a stack and stores it with the words it depends on. `stack` has room for TRACE_MAX_FRAMES
 * and `words` words, an even number; one that depends on more is incomplete.
 */
COLD void known_stack_unwind(const struct unwind_start *start, struct unwind_trail *trail,
			     struct known_stack *stack, unsigned words);

/* Walks the stack and remembers it. */
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

	/* Nearly always all words are equal: no branch for each. */
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

/*
 * Hash of a stack pointer and of the generation of the unwind rules. Stacks are aligned to 16 bytes
 * and lie in one half of the address space.
 */
static inline uintptr_t known_stack_key(uintptr_t sp, uint32_t generation)
{
	return sp | (uintptr_t)generation << 48;
}

/*
 * The current stack, from the caller of the function whose __builtin_frame_address(0) is `address`;
 * NULL if the thread does not remember it.
 */
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

/*
 * Same without our own frames; walks the stack if it is not remembered. Never NULL: returns an
 * empty stack if there is no room. Async-signal-safe.
 */
static inline const struct known_stack *known_stack_at(struct stack_memory *memory,
						       const void *address)
{
	const struct known_stack *known = known_stack_find(memory, address);

	return LIKELY(known != NULL) ? known : known_stack_walk(memory, address);
}

/* A stack that was not walked: only its innermost return address. */
COLD const struct known_stack *known_stack_of_caller(uintptr_t caller);

#define KNOWN_STACK_HERE(memory) known_stack_at(memory, __builtin_frame_address(0))

/* The current stack of Python frames; only `caller` if they cannot be read. */
COLD const struct known_stack *known_stack_of_python(uintptr_t caller);

/* Same, but at most up to the coroutine, as in python_called_from. */
const struct known_stack *known_stack_called_from(struct stack_memory *memory, uintptr_t caller,
						  struct python_caller *from);

/*
 * The place where the coroutine of this frame, which took a lock at `taken`, is suspended; NULL if
 * it is gone.
 */
COLD const struct known_stack *known_stack_of_coroutine(const struct known_stack *taken,
							uintptr_t frame);

/*
 * Returns the stored stack that equals this one, which is complete except for its hash; NULL if
 * there is no room. `at_last` may use the reserved room.
 */
COLD const struct known_stack *known_stack_keep(struct known_stack *made, bool at_last);

/* For a stack of Python frames: the offset of its trace_script_lines; otherwise 0. */
COLD uint32_t known_stack_script(const struct known_stack *stack);

/* Its record in the trace, written on first use; 0 if there is no room. */
uint32_t known_stack_record(const struct known_stack *stack);

/* Called in a forked child: the records belong to the parent. */
void known_stacks_forked(void);

#endif
