/* Locks and other values held where they must not be. */
#ifndef JUDGEMENT_LOCK_H
#define JUDGEMENT_LOCK_H

#include <stdbool.h>

#include "judgement/verdict.h"

struct lock_facts {
	enum lock_fault fault;
	enum trace_lock lock;
	bool waited;	     /* others waited for it in the meantime */
	bool loops;	     /* held by an event loop's callback, not in a coroutine */
	bool libraries_only; /* not taken by the program's own code */
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

/* As seen by a scan. `certain`: it is alive there on every path. */
struct verdict held_judge(enum held_kind kind, bool certain);

/*
 * A guard of a suspended task, read from its future. `unsure`: another value may be in its place.
 */
struct verdict guard_judge(bool unsure);

/* A wait for a lock whose holder cannot continue. `went_on`: it ended nevertheless. */
struct verdict deadlock_judge(bool went_on);

/* A task without a waker. */
struct lost_facts {
	bool is_waited_for; /* by tasks that can never run again because of it */
	bool has_handle;
	bool never_completes; /* its innermost future is made for that */
	bool is_own;	      /* that future is the program's own */
};

struct verdict lost_judge(const struct lost_facts *facts);

struct verdict cancelled_judge(void);

/* What a cancelled task left behind. `on_purpose`: it may have been left intentionally. */
struct verdict left_behind_judge(bool on_purpose);

#endif
