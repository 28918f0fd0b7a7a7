/* What a thread does in a long turn, seen by samples of its stack. */
#ifndef RUNTIME_STALL_SAMPLES_H
#define RUNTIME_STALL_SAMPLES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "contract/trace_format.h"

/* Samples of one turn are so many times denser than it is long. */
#define STALL_DENSITY 64

struct turn;

/* Room for one sample: the stack of a thread that is interrupted may be small. */
struct stall_room {
	struct trace_look before; /* see stall_look.h */
	uint64_t frames[TRACE_MAX_FRAMES];
	uintptr_t places[TRACE_MAX_FRAMES]; /* see unwinder_walk */
	char script[TRACE_SCRIPT_SIZE];
	/* Of the turn that starts at `turn`: by its last sample. */
	struct {
		uint64_t turn;
		uint64_t cpu_ns;       /* of the thread */
		uint64_t own_ns;       /* of it certainly the turn's own: between samples of it */
		uint32_t explained_us; /* as in the turn */
		bool own;
	} busy;
};

/* The present thread's, kept; NULL when there is no memory. */
struct stall_room *stall_room(void);

/* The offset of its record in the trace; 0 when it has none. */
uint32_t stall_executor(const struct turn *turn);

/*
 * What a turn used of the processor at least, less what it used where blocking is right. For a turn
 * of which a part was so, and how long that was is not known.
 */
uint64_t stall_busy_ns(const struct turn *turn);

/* A signal interrupted the thread here. Takes a sample if it is in a long turn. */
void stall_sample(const ucontext_t *context);

#endif
