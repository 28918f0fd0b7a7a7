/* Samples of a thread's stack during a long turn. */
#ifndef RUNTIME_STALL_SAMPLES_H
#define RUNTIME_STALL_SAMPLES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "contract/trace_format.h"
#include "sample_shared.h"
#include "sample_votes.h"

/* A turn's sample interval is its length so far divided by this. */
#define STALL_DENSITY 64

struct turn;

/* Memory for one sample: an interrupted thread may have a small stack. */
struct stall_room {
	struct trace_look before; /* see stall_look.h */
	uint64_t frames[TRACE_MAX_FRAMES];
	uintptr_t places[TRACE_MAX_FRAMES]; /* see unwinder_walk */
	char script[TRACE_SCRIPT_SIZE];
	/* For the turn that starts at `turn`: values at its last sample. */
	struct {
		uint64_t turn;
		uint64_t cpu_ns; /* CPU time of the thread */
		uint64_t own_ns; /* part of it that is certainly the turn's: between its samples */
		uint32_t explained_us; /* as in the turn */
		bool own;
	} busy;
	struct sample_votes votes;
	struct sample_shared shared;
};

/* The calling thread's, kept; NULL if there is no memory. */
struct stall_room *stall_room(void);

/* Offset of the executor's record in the trace; 0 if it has none. */
uint32_t stall_executor(const struct turn *turn);

/*
 * CPU time that a turn used at least, without that in code that may block. For a turn with such a
 * part whose length is not known.
 */
uint64_t stall_busy_ns(const struct turn *turn);

/* A signal interrupted the thread here: takes a sample if it is in a long turn. */
void stall_sample(const ucontext_t *context);

#endif
