/*
 * How the stack of a finding changes its verdict. Only a report knows the functions' names: it
 * classifies the frames into these facts; the rules are here.
 */
#ifndef JUDGEMENT_STACK_H
#define JUDGEMENT_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/limits.h"
#include "judgement/verdict.h"

/* What the turn polled, if that changes what a finding means. */
enum finding_root {
	ROOT_NONE, /* a task or a callback */
	ROOT_CURRENT_THREAD,
	ROOT_MULTI_THREAD,
	ROOT_UNKNOWN,	  /* block_on's own future; scheduler not known */
	ROOT_MAIN_SCRIPT, /* Node's main script, before its event loop turns */
};

/*
 * The owner of the lock that a turn waited for. Of a channel: an internal lock that is held
 * briefly.
 */
enum lock_owner { LOCK_OF_NONE, LOCK_OF_PROGRAM, LOCK_OF_LIBRARY, LOCK_OF_CHANNEL, LOCK_NAMELESS };

/* Where an interpreter's event loop is on the stack. */
enum loop_place {
	LOOP_NATIVE,	    /* not an interpreter's loop */
	LOOP_BELOW,	    /* the code runs inside the loop */
	LOOP_ABSENT,	    /* the code runs outside the loop */
	LOOP_CUT,	    /* not known: the stack was cut short */
	LOOP_MAIN_GREENLET, /* gevent: the main greenlet's own code */
};

struct stack_facts {
	enum executor_family family;
	enum finding_root root; /* as the runtime saw it */
	enum lock_owner lock;
	enum loop_place loop;
	bool in_progress;
	bool test;		/* a Rust test runs it, and hangs with it */
	bool job;		/* run by `ci' or a test runner, and hangs with it */
	bool loop_waits;	/* for a main script: it had started something by then */
	bool kept_task;		/* for a root future: a task waited for it meanwhile */
	bool busy;		/* for a long turn: the thread ran */
	bool one_poll;		/* for a root future: the launcher saw one poll that hangs */
	bool block_on;		/* block_on is on the stack, and the program's code is inside it */
	bool parked;		/* the executor itself waits for work, or for its own lock */
	bool offloaded;		/* inside block_in_place, anywhere on the stack */
	bool offloaded_in_root; /* inside block_in_place, between the call and block_on */
	bool offload_unsure;	/* block_in_place could not be detected, and frames have no names */
	bool panic, library_import, library_work, runner_work;
	bool library_body;	/* the body of a module that a library imports runs */
	bool module_body;	/* the turn is the body of a module being loaded */
	bool interpreter_alone; /* for a long turn: only the interpreter's code was seen */
	bool unseen;		/* for a long turn: ended before it could be sampled */
	uint64_t longest_ns;	/* of a call, or of a main script's turns */
	uint64_t each_ns;	/* for long turns: average length, without time lost to others */
};

/*
 * Lowers severity and confidence, and corrects the root, by the rules. Returns false if it is no
 * finding: the code may block, or the thread runs no turn.
 */
bool stack_judge_call(struct stack_facts *facts, struct verdict *verdict, uint32_t *confidence);

/* Same for a long turn. */
bool stack_judge_turn(const struct stack_facts *facts, const struct limits *limits,
		      struct verdict *verdict, uint32_t *confidence);

#endif
