/* The loops of a thread, by their waits, and the executor of each. */
#ifndef RUNTIME_LOOPS_LOOP_TABLE_H
#define RUNTIME_LOOPS_LOOP_TABLE_H

#include <stdbool.h>

#include "loop.h"

struct loop_wait;

/* NULL: none waits there. */
struct loop *loop_table_find(const struct loop_wait *wait);

/*
 * Makes an entry for this wait, in place of the one that was least often a loop. `running`: the
 * loop whose turn runs, which stays, as does the one around it; NULL. If the wait is not a loop's,
 * the entry has no executor.
 */
struct loop *loop_table_take(const struct loop_wait *wait, const struct loop *running);

/* Whether no loop but `running` can make this wait: any code may poll one descriptor. */
bool loop_table_begins_none(const struct loop_wait *wait, const struct loop *running);

/* The same in a given entry; returns it. */
struct loop *loop_describe(struct loop *loop, const struct loop_wait *wait);

/* Counts the waits of a loop on probation. */
void loop_count_wait(struct loop *loop, const struct loop_wait *wait);

/*
 * Looks again at the 2nd, 4th, 8th... time a refused wait comes: an interpreter's waits all look
 * alike from here, and a later one may be a loop's.
 */
bool loop_is_to_look_at(struct loop *loop);

/*
 * CPython replaces an instruction that it runs again with a faster one, whose machine code is
 * elsewhere: the same loop then has different return addresses above its wait.
 */
bool loop_was_specialised(struct loop *loop, const struct loop_wait *wait);

/* Called in a forked child. */
void loop_table_forget(void);

#endif
