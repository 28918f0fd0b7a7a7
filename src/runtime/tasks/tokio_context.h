/*
 * Whether a thread is inside Tokio, from two variables in Tokio's thread-local storage
 * (tokio/src/runtime/context.rs, struct Context).
 *
 * The first, `runtime`, is a byte: 2 outside any runtime, 1 inside, 0 inside where block_in_place
 * is refused (current_thread, LocalSet). block_in_place sets it to 2 for its closure. The second,
 * `budget`, is two bytes, an Option<u8>: 1 and at most 128 while a future is polled; 0 while the
 * runtime itself runs or parks, and where there is no budget (block_in_place, unconstrained).
 *
 * A stripped program has no symbols for their places, so they are learnt from what is known at each
 * poll: a blocking-pool job begins outside the runtime; a task that is polled within the launch of
 * a worker, which is such a job, is inside. One of each leaves one byte, rarely two, of some 300.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_CONTEXT_H
#define RUNTIME_EXECUTORS_TOKIO_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/modules/modules.h"
#include "contract/trace_format.h"

#define TOKIO_PLACES 4 /* so few candidates, all in agreement, are enough */

enum tokio_place {
	PLACE_UNKNOWN = -1,
	PLACE_IN_CURRENT_THREAD = 0, /* or in a LocalSet */
	PLACE_IN_MULTI_THREAD = 1,   /* or in Handle::block_on */
	PLACE_OUTSIDE = 2,
};

/* The moment at which a thread-local block is observed. */
enum tokio_moment {
	MOMENT_JOB,	    /* a blocking-pool job begins */
	MOMENT_WORKER_TASK, /* a task's poll begins, within a job of the same module */
	/*
	 * A task's poll begins, on a thread without a job: that of a current_thread runtime or a
	 * LocalSet, driven by anything. Rules out no byte.
	 */
	MOMENT_OTHER_TASK,
	MOMENT_OUTSIDE_TURNS, /* a call of a thread that may be in block_on */
};

struct tokio_context {
	uint32_t size;	/* bytes that are inspected */
	uint32_t count; /* number of places; 0 until they are learnt */
	bool settled;	/* an observation with the expected values teaches nothing more */
	uint32_t places[TOKIO_PLACES];
	uint32_t budget_count;
	uint32_t budgets[TOKIO_PLACES];
	/* used only for learning */
	uint32_t busy;
	uint32_t capacity;
	uint8_t *memory;
	uint8_t *struck;       /* one for each byte: ruled out */
	uint8_t *made_outside; /* one for each byte: its property in a new block */
	uint32_t left;	       /* bytes not ruled out */
	uint32_t jobs, tasks;
	uint32_t looks;
};

/* For a newly added module: forgets everything, learns nothing. Keeps its memory. */
void tokio_context_clear(struct tokio_context *context);

/* Same, and enables learning: for a module with a vtable. Start-up and dlopen only. */
void tokio_context_init(struct tokio_context *context, const struct module *module);

/* Called in a forked child: another thread may have been learning. */
void tokio_context_forked(struct tokio_context *context);

/* Learns, or learns again, from an unexpected observation. */
COLD void tokio_context_learn(struct tokio_context *context, const uint8_t *block,
			      enum tokio_moment moment);

/* What the bytes say now; PLACE_UNKNOWN if nothing is learnt, or they disagree. */
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
 * Whether, judging by the image of new blocks, this block was never in a runtime, or has left it.
 * False if the image contains nothing that may be the two variables.
 */
bool tokio_context_is_outside(const struct tokio_context *context, const uint8_t *block);

/* Whether a future is being polled: 1, 0, or -1 if not known. */
int tokio_context_polls(const struct tokio_context *context, const uint8_t *block);

/*
 * While a future is polled: the rest of its budget, and the words before that. Each block_on stores
 * the seed of its random numbers there (1.24 to 1.54), which select! then advances.
 */
void tokio_context_poll(const struct tokio_context *context, const uint8_t *block, uint8_t *budget,
			uint64_t before[2]);

/*
 * While a future is polled: takes one unit from its budget, which each poll gets anew, so that
 * another poll is known from the rest. False: its place is not certain, or little is left. The
 * future yields to its runtime one operation earlier for it.
 */
bool tokio_context_mark(const struct tokio_context *context, uint8_t *block);

/* The place of these words; false if it is not known, or the two variables are not adjacent. */
bool tokio_context_root(const struct tokio_context *context, const uint8_t *block,
			struct trace_root *root);

/*
 * An observation at each poll: what the bytes say, and a check that they may still be the right
 * ones. 2 ns.
 */
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
