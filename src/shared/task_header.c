#include "task_header.h"

#include <stddef.h>

/* More than any task has, and less than the remains in freed memory. */
#define MOST_REFERENCES (1U << 20)

/*
 * The state is the first word, the vtable's address the third since 1.22, the fifth before
 * (tokio/src/runtime/task/core.rs, state.rs).
 */
enum task_moment tokio_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable)
{
	enum { RUNNING = 1, COMPLETE = 2, NOTIFIED = 4, REFERENCE = 64 };
	enum { FIRST_WORD = 2, LAST_WORD = 4 };
	uint64_t references = words[0] / REFERENCE;
	bool is_its = false;

	for (int i = FIRST_WORD; i <= LAST_WORD; i++)
		is_its |= words[i] == vtable;
	if (!is_its || words[0] & COMPLETE || !references || references >= MOST_REFERENCES)
		return TASK_IS_GONE;
	return words[0] & RUNNING ? TASK_RUNS : words[0] & NOTIFIED ? TASK_IS_WOKEN : TASK_RESTS;
}

enum {
	SCHEDULED = 1,
	RUNNING = 2,
	COMPLETED = 4,
	CLOSED = 8,
	TASK = 16,
	AWAITER = 32,
	REGISTERING = 64,
	NOTIFYING = 128,
	REFERENCE = 256,
};

/* No page is mapped below. */
#define LOWEST_ADDRESS 4096

/* Without `propagate_panic`: the vtable's address, the state, and the two words of the awaiter. */
#define BARE_WORDS 4

/*
 * A scheduled task is referenced; the size of a free memory block is odd too, but has no reference
 * count.
 */
static bool may_be_tokio_state(uint64_t word)
{
	return word >= TASK && word / REFERENCE < MOST_REFERENCES &&
	       (word >= REFERENCE || !(word & (SCHEDULED | RUNNING)));
}

/*
 * One of the awaiter's two words is a vtable's address, or 0 if there is none: then the other was
 * never written.
 */
static bool may_be_awaiter(uint64_t word)
{
	return !word || (word >= LOWEST_ADDRESS && !(word % sizeof word));
}

/* Whether the state agrees with the awaiter; it changes before and after it. */
static bool state_and_awaiter_agree(uint64_t state, uint64_t awaiter)
{
	return state & (REGISTERING | NOTIFYING) || !(state & AWAITER) == !awaiter;
}

/* 0: words[i] and the next one are not the awaiter of this state. */
static int awaiter_fit(const uint64_t *words, uint64_t i, uint64_t vtable, uint64_t state)
{
	int best = 0;

	/*
	 * rustc places the vtable's address first since 1.71, in the task and in the awaiter;
	 * before, the awaiter's data came first.
	 */
	for (uint64_t j = i; j <= i + (words[0] != vtable); j++) {
		int fit = 2 + 4 * state_and_awaiter_agree(state, words[j]) -
			  may_be_tokio_state(words[j]);

		if (may_be_awaiter(words[j]) && fit > best)
			best = fit;
	}
	return best;
}

/* How well the other words fit if words[state] is the state; 0: they don't. */
static int state_fit(const uint64_t *words, uint64_t count, uint64_t vtable, uint64_t state)
{
	int best = 0;

	if (!may_be_tokio_state(words[state]) || words[state] == vtable)
		return 0;
	for (uint64_t i = 0; i + 1 < count; i++) {
		int fit;

		if (i == state || i + 1 == state || words[i] == vtable || words[i + 1] == vtable)
			continue;
		fit = awaiter_fit(words, i, vtable, words[state]);
		best = fit > best ? fit : best;
	}
	return best;
}

/*
 * rustc orders the words freely, and an executor's metadata lies between them
 * (async-task/src/header.rs, state.rs). A state is smaller than an address, but so may be a word
 * that was never written: the data of an absent awaiter, and the padding after the last field, a
 * bool. The two words of the awaiter are adjacent, which leaves only one place for them. If two
 * candidates fit equally well, neither is used.
 */
enum task_moment async_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable,
				   uint64_t schedule)
{
	uint64_t count = schedule / sizeof *words, fields;
	uint64_t state = 0;
	bool is_its = false;
	int best = 0;

	if (schedule > TASK_HEADER_WORDS * sizeof *words)
		return TASK_IS_GONE;
	for (uint64_t i = 0; i < count; i++)
		is_its |= words[i] == vtable;
	if (!is_its || (count == BARE_WORDS + 1 && (words[BARE_WORDS] & UINT8_MAX) > true))
		return TASK_IS_GONE;
	fields = count > BARE_WORDS ? count - 1 : count;
	for (uint64_t i = 0; i < fields; i++) {
		int fit = state_fit(words, fields, vtable, i);

		if (fit && fit == best)
			state = 0;
		if (fit <= best)
			continue;
		best = fit;
		state = words[i];
	}
	if (!state || state & (COMPLETED | CLOSED))
		return TASK_IS_GONE;
	return state & RUNNING ? TASK_RUNS : state & SCHEDULED ? TASK_IS_WOKEN : TASK_RESTS;
}

/* Larger than any future; only separates a size from an address. */
#define LARGEST_ASYNC_TASK (64UL << 20)
#define LARGEST_ALIGNMENT  4096
/* State, awaiter and the vtable's address, and metadata that an executor may add. */
#define SMALLEST_ASYNC_HEADER 0x20
#define LARGEST_ASYNC_HEADER  0x400

static bool are_size_and_alignment(uint64_t size, uint64_t alignment)
{
	return alignment >= sizeof(void *) && alignment <= LARGEST_ALIGNMENT &&
	       (alignment & (alignment - 1)) == 0 && size < LARGEST_ASYNC_TASK &&
	       size % alignment == 0;
}

/*
 * core::alloc::Layout, whose two words may be in either order, and three offsets: of the schedule
 * function, the future and its output; the latter two share one place.
 */
bool async_task_is_layout(const uint64_t words[ASYNC_TASK_LAYOUT])
{
	enum { OUTPUT = 4 };
	const uint64_t schedule = words[ASYNC_TASK_SCHEDULE], future = words[ASYNC_TASK_FUTURE];
	const bool sized = are_size_and_alignment(words[0], words[1]) && future <= words[0];
	const bool swapped = are_size_and_alignment(words[1], words[0]) && future <= words[1];

	return (sized || swapped) && schedule >= SMALLEST_ASYNC_HEADER &&
	       schedule <= LARGEST_ASYNC_HEADER && future >= schedule && words[OUTPUT] == future;
}
