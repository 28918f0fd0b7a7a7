/* The record of a turn, which lies on the C stack of the code that begins it. */
#ifndef RUNTIME_TURNS_TURN_STATE_H
#define RUNTIME_TURNS_TURN_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct executor;
struct trace_site;

#define TURN_FINDINGS 8

/* Where the program's code runs in the meantime. */
enum turn_kind {
	TURN_TASK,    /* must not block: watched */
	TURN_OFFLOAD, /* may block (a blocking-pool job, an annotated offload): not watched */
};

/* How a task's poll ended, if its recogniser knows. */
enum turn_outcome {
	OUTCOME_UNKNOWN = 0,
	OUTCOME_PENDING,
	OUTCOME_READY,
	OUTCOME_CANCELLED, /* its future was dropped instead of polled */
};

enum may_block {
	MAY_BLOCK_UNSURE = -1,
	MAY_NOT_BLOCK = 0,
	MAY_BLOCK,
	MAY_WAIT, /* for events or another thread: the wait may be the executor's own */
};

struct turn {
	struct turn *parent;
	struct executor *executor;
	uintptr_t address; /* of this frame, to drop turns left by a longjmp or a foreign unwind */
	enum turn_kind kind;
	/* The fields up to `findings` are zero when a turn begins. */
	enum turn_outcome outcome; /* set between begin and end */
	/*
	 * Whether this turn's code may block right now (Tokio's block_in_place); asked before a
	 * call is reported. NULL: it must not.
	 */
	enum may_block (*may_block)(struct turn *turn);
	uint64_t start; /* of turn_clock; 0: not timed */
	union {
		uint64_t sampled; /* ticks of the last sample; 0: none yet */
		uint64_t paused;  /* for an offload within a turn: when that was paused */
	};
	void *task;	      /* the task it runs, as its executor identifies it; NULL: not known */
	uint32_t type;	      /* of its task: see turns/task_types.h; 0: none */
	uint32_t locks;	      /* taken in this turn and not released yet */
	uint32_t locks_noted; /* locks taken in this turn, recorded with their stacks */
	uint32_t explained_us;	     /* time in calls that were reported, or need not be */
	uint32_t explained_switches; /* voluntary context switches in these calls */
	uint32_t sample;	     /* offset of the site of the first sample; 0: none */
	uint8_t session;	     /* enum session: the clients of its loop */
	uint8_t finding_count;	     /* of findings, below */
	uint8_t root;		     /* for a root future: SITE_ROOT_FUTURE and similar */
	uint32_t own_waits_us; /* part of the explained time: waits of the interpreter or library
				  itself */
	uint8_t locks_mode;    /* enum quiet_mode */
	bool excused;	       /* an unknown part of it was in code that may block */
	bool left; /* its loop has ended since; its last sample shows until when it ran */
	/* sites recorded in this turn: the delayed events are added when they are known */
	struct trace_site *findings[TURN_FINDINGS];
	uint32_t finding_us[TURN_FINDINGS]; /* time that each took of this turn */
};

#endif
