/* What a turn is: the record of one, which lies on the C stack of whatever begins it. */
#ifndef RUNTIME_TURNS_TURN_STATE_H
#define RUNTIME_TURNS_TURN_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct executor;
struct trace_site;

#define TURN_FINDINGS 8

/* Where the program's code runs meanwhile. */
enum turn_kind {
	TURN_TASK,    /* must not block: watched */
	TURN_OFFLOAD, /* may block (a blocking-pool job, an annotated offload): nothing is watched
		       */
};

/* What came of a task's poll, where its recogniser can tell. */
enum turn_outcome {
	OUTCOME_UNKNOWN = 0,
	OUTCOME_PENDING,
	OUTCOME_READY,
	OUTCOME_CANCELLED, /* its future was dropped in place of being polled */
};

enum may_block {
	MAY_BLOCK_UNSURE = -1,
	MAY_NOT_BLOCK = 0,
	MAY_BLOCK,
	MAY_WAIT, /* for events or another thread: it may be the executor that does */
};

struct turn {
	struct turn *parent;
	struct executor *executor;
	uintptr_t
		address; /* of this frame, to drop turns that a longjmp or a foreign unwind left */
	enum turn_kind kind;
	/* From here to `findings` all is zero when a turn begins. */
	enum turn_outcome outcome; /* set between begin and end */
	/* Whether this turn's code may block just now, asked when a call is about to be blamed
	 * (Tokio's block_in_place). NULL: must not. */
	enum may_block (*may_block)(struct turn *turn);
	uint64_t start; /* of turn_clock; 0: not timed */
	union {
		uint64_t sampled; /* ticks of the last sample; 0: none yet */
		uint64_t paused;  /* of an offload within a turn: when that stopped */
	};
	void *task;		     /* what it runs, as its executor knows it; NULL: not told */
	uint32_t type;		     /* of its task: see executors/task_types.h; 0: none */
	uint32_t locks;		     /* taken in this turn and not released yet */
	uint32_t locks_noted;	     /* that were taken in this turn, each with its stack */
	uint32_t explained_us;	     /* in calls that were told, or need not be */
	uint32_t explained_switches; /* voluntary, in these calls */
	uint32_t sample;	     /* offset of the site of the first sample; 0: none */
	uint8_t session;	     /* enum session: whom its loop serves */
	uint8_t finding_count;	     /* of findings, below */
	uint8_t root;		     /* of a root future: SITE_ROOT_FUTURE and kin */
	uint32_t own_waits_us; /* of the explained: waits of an interpreter's or a library's own */
	uint8_t locks_mode;    /* enum quiet_mode */
	bool excused;	       /* part of it was where blocking is right: how much is not known */
	bool left; /* its loop is known to have ended since: how long ago its last sample tells */
	/* sites recorded in this turn, so that the harm done can be added when it shows */
	struct trace_site *findings[TURN_FINDINGS];
	uint32_t finding_us[TURN_FINDINGS]; /* what each took of this turn */
};

#endif
