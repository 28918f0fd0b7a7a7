#include "task_header.h"

#include <stdbool.h>
#include <stddef.h>

/* More than any task has, and less than what is left in memory that was freed. */
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

/*
 * Its words come in the order that rustc likes, and what an executor adds lies between them
 * (async-task/src/header.rs, state.rs). A state is smaller than an address; where two words may be
 * it, nothing is told.
 */
enum task_moment async_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable,
				   uint64_t schedule)
{
	enum { SCHEDULED = 1, RUNNING = 2, COMPLETED = 4, CLOSED = 8, TASK = 16, REFERENCE = 256 };
	const uint64_t *state = NULL;
	bool is_its = false;

	if (schedule > TASK_HEADER_WORDS * sizeof *words)
		return TASK_IS_GONE;
	for (uint64_t i = 0; i < schedule / sizeof *words; i++) {
		is_its |= words[i] == vtable;
		if (words[i] < TASK || words[i] / REFERENCE >= MOST_REFERENCES)
			continue;
		if (state)
			return TASK_IS_GONE;
		state = &words[i];
	}
	if (!is_its || !state || *state & (COMPLETED | CLOSED))
		return TASK_IS_GONE;
	return *state & RUNNING ? TASK_RUNS : *state & SCHEDULED ? TASK_IS_WOKEN : TASK_RESTS;
}
