/* Locks and other values held where they must not be. */
#ifndef JUDGEMENT_LOCK_H
#define JUDGEMENT_LOCK_H

#include <stdbool.h>

#include "judgement/verdict.h"

struct lock_facts {
	enum lock_fault fault;
	enum trace_lock lock;
	bool waited;	     /* others waited for it meanwhile */
	bool loops;	     /* held by a callback of an event loop, and not in a coroutine */
	bool libraries_only; /* nothing of the program took it */
};

struct verdict lock_judge(const struct lock_facts *facts);

/* A value that lives across an await. */
enum held_kind {
	HELD_KIND_LOCK,
	HELD_KIND_ASYNC_LOCK, /* made to be held across awaits */
	HELD_KIND_BORROW,
	HELD_KIND_NON_SEND,
	HELD_KIND_LARGE,
	HELD_KINDS,
};

/* As a scan sees it. `certain`: it is alive there whichever way the code took. */
struct verdict held_judge(enum held_kind kind, bool certain);

/* A guard of a suspended task, read out of its future. `unsure`: its place may be another value's.
 */
struct verdict guard_judge(bool unsure);

/* A wait for a lock whose holder cannot go on. `went_on`: it ended all the same. */
struct verdict deadlock_judge(bool went_on);

struct verdict cancelled_judge(void);

/* What a cancelled task left behind. `on_purpose`: it may have been meant to stay. */
struct verdict left_behind_judge(bool on_purpose);

#endif
