/*
 * Where a thread stands in Tokio, from two things that Tokio keeps in thread-local storage
 * (tokio/src/runtime/context.rs, struct Context).
 *
 * The first, `runtime`, is a byte: 2 outside of any runtime, 1 inside, 0 inside where
 * block_in_place is refused (current_thread, LocalSet). block_in_place makes it 2 for its closure.
 *
 * The second, `budget`, is two bytes, an Option<u8>: 1 and at most 128 while a future is polled; 0
 * while the runtime itself runs or parks, and where the budget was put off (block_in_place,
 * unconstrained).
 *
 * No symbol tells their places in a stripped program, so they are learnt from what is known at each
 * poll: a blocking-pool job begins outside of the runtime; a task that is polled within the launch
 * of a worker, which is such a job, inside. One of each leaves one byte, rarely two, of some 300.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_CONTEXT_H
#define RUNTIME_EXECUTORS_TOKIO_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/modules/modules.h"
#include "contract/trace_format.h"

#define TOKIO_PLACES 4 /* as few as this, which must agree, will do */

enum tokio_place {
	PLACE_UNKNOWN = -1,
	PLACE_IN_CURRENT_THREAD = 0, /* or in a LocalSet */
	PLACE_IN_MULTI_THREAD = 1,   /* or in Handle::block_on */
	PLACE_OUTSIDE = 2,
};

/* At which moment a thread-local block is looked at. */
enum tokio_moment {
	MOMENT_JOB,	    /* a blocking-pool job begins */
	MOMENT_WORKER_TASK, /* a task's poll begins, within a job of the same module */
	/* A task's poll begins, on a thread without a job: a current_thread's, or a LocalSet's,
	 * whoever may drive it. Says nothing against a byte. */
	MOMENT_OTHER_TASK,
	MOMENT_OUTSIDE_TURNS, /* a call of a thread that may be in block_on */
};

struct tokio_context {
	uint32_t size;	/* bytes that are looked at */
	uint32_t count; /* of places; 0 while nothing is learnt */
	bool settled;	/* nothing is to be learnt from a look that shows what it should */
	uint32_t places[TOKIO_PLACES];
	uint32_t budget_count;
	uint32_t budgets[TOKIO_PLACES];
	/* of the learner alone */
	uint32_t busy;
	uint32_t capacity;
	uint8_t *memory;
	uint8_t *struck;       /* one for each byte: shown not to be it */
	uint8_t *made_outside; /* one for each byte: what it is in a new block */
	uint32_t left;	       /* bytes not struck out */
	uint32_t jobs, tasks;
	uint32_t looks;
};

/* For a module that was just added: nothing is known, and nothing is learnt. Its memory is kept. */
void tokio_context_clear(struct tokio_context *context);

/* The same, and what is to be learnt can be: for a module with a vtable. Start-up and dlopen only.
 */
void tokio_context_init(struct tokio_context *context, const struct module *module);

/* In a forked child: another thread may have been learning. */
void tokio_context_forked(struct tokio_context *context);

/* Learns, or learns anew, from a look that was not as expected. */
COLD void tokio_context_learn(struct tokio_context *context, const uint8_t *block,
			      enum tokio_moment moment);

/* What the bytes say now; PLACE_UNKNOWN when nothing is learnt, or they do not agree. */
static inline enum tokio_place tokio_context_place(const struct tokio_context *context,
						   const uint8_t *block)
{
	uint32_t count = __atomic_load_n(&context->count, __ATOMIC_ACQUIRE);
	uint8_t place;

	if (!count || !block)
		return PLACE_UNKNOWN;
	place = block[context->places[0]];
	if (LIKELY(count == 1))
		return place <= PLACE_OUTSIDE ? (enum tokio_place)place : PLACE_UNKNOWN;
	for (uint32_t i = 1; i < count; i++)
		if (block[context->places[i]] != place)
			return PLACE_UNKNOWN;
	return place <= PLACE_OUTSIDE ? (enum tokio_place)place : PLACE_UNKNOWN;
}

/*
 * Whether, as far as the image that new blocks are made from tells, this block was never in a
 * runtime, or is out of it again. False where the image has nothing that may be the two things.
 */
bool tokio_context_is_outside(const struct tokio_context *context, const uint8_t *block);

/* Whether a future is being polled: 1, 0, or -1 when it cannot be told. */
int tokio_context_polls(const struct tokio_context *context, const uint8_t *block);

/*
 * While a future is polled: what is left of its budget, and what stands before that. There each
 * block_on puts the seed of its random numbers (1.24 to 1.54), which select! then moves on.
 */
void tokio_context_poll(const struct tokio_context *context, const uint8_t *block, uint8_t *budget,
			uint64_t before[2]);

/* Where that lies; false while it is not known, or the two are not beside each other. */
bool tokio_context_root(const struct tokio_context *context, const uint8_t *block,
			struct trace_root *root);

/* A look at each poll: what the bytes say, and a check that they still may be the ones. 2 ns. */
static inline enum tokio_place tokio_context_look(struct tokio_context *context,
						  const uint8_t *block, enum tokio_moment moment)
{
	enum tokio_place place;

	if (UNLIKELY(!block))
		return PLACE_UNKNOWN;
	place = tokio_context_place(context, block);
	if (LIKELY(context->settled &&
		   (moment == MOMENT_JOB ? place == PLACE_OUTSIDE : place != PLACE_UNKNOWN)))
		return place;
	tokio_context_learn(context, block, moment);
	return tokio_context_place(context, block);
}

#endif
