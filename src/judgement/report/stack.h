/*
 * What the stack of a finding changes: only a report knows its names. It classifies the frames into
 * these facts; the rules are here.
 */
#ifndef JUDGEMENT_STACK_H
#define JUDGEMENT_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/limits.h"
#include "judgement/verdict.h"

/* Whose turn it was, where that changes what a finding means. */
enum finding_root {
	ROOT_NONE, /* a task's or a callback's */
	ROOT_CURRENT_THREAD,
	ROOT_MULTI_THREAD,
	ROOT_UNKNOWN, /* block_on's own future, of a scheduler not known */
};

/* Whose lock it is that a turn waited for. Of a channel: one within it that is held for moments. */
enum lock_owner { LOCK_OF_NONE, LOCK_OF_PROGRAM, LOCK_OF_LIBRARY, LOCK_OF_CHANNEL, LOCK_NAMELESS };

/* Where the loop of an interpreter stands on the stack. */
enum loop_place {
	LOOP_NATIVE,	    /* the loop is no interpreter's */
	LOOP_BELOW,	    /* the code runs in it */
	LOOP_ABSENT,	    /* the code runs outside of it */
	LOOP_CUT,	    /* not known: the outer frames found no room */
	LOOP_MAIN_GREENLET, /* of gevent: the main greenlet's own code */
};

struct stack_facts {
	enum executor_family family;
	enum finding_root root; /* as the runtime saw it */
	enum lock_owner lock;
	enum loop_place loop;
	bool in_progress;
	bool block_on;		/* block_on is on the stack, with code of the program inside */
	bool parked;		/* the executor itself waits for work, or for a lock of its own */
	bool offloaded;		/* inside block_in_place, anywhere on the stack */
	bool offloaded_in_root; /* inside block_in_place, between the call and block_on */
	bool offload_unsure; /* the runtime could not see block_in_place, and frames have no names
			      */
	bool panic, library_import, library_work;
	bool module_body;	/* the turn is the body of a module that is being loaded */
	bool interpreter_alone; /* of a long turn: no code but the interpreter's was seen */
	bool unseen;		/* of a long turn: over before it could be sampled */
	uint64_t longest_ns;	/* of a call */
	uint64_t each_ns;	/* of long turns: one of them on average, less what others had */
};

/*
 * Lowers severity and confidence, and corrects the root, as the rules say. False: no finding; the
 * code may block, or the thread runs no turn.
 */
bool stack_judge_call(struct stack_facts *facts, struct verdict *verdict, uint32_t *confidence);

/* The same of a long turn. */
bool stack_judge_turn(const struct stack_facts *facts, const struct limits *limits,
		      struct verdict *verdict, uint32_t *confidence);

#endif
