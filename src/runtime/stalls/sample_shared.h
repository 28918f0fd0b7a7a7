/* The outer part of a long turn's stack that all its samples have: the functions that took all of
 * it. */
#ifndef RUNTIME_SAMPLE_SHARED_H
#define RUNTIME_SAMPLE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/trace/sites.h"

#define SHARED_FRAMES 64 /* outermost ones that are compared */

struct sample_shared {
	uint64_t turn;	/* start of the turn that it belongs to */
	bool of_script; /* of the interpreter's frames, else of the native ones */
	uint32_t count; /* of `frames': those that all samples so far have */
	/* Of the first sample, outermost first: addresses, or hashes of the program's functions:
	 * what is left out of a deep stack of an interpreter is a library's. */
	uint64_t frames[SHARED_FRAMES];
	uint64_t latest[SHARED_FRAMES]; /* not on the stack, which may be small */
};

/* A sample of the turn, with its frames. Async-signal-safe. Budget: 0.1 us. */
void sample_share(struct sample_shared *shared, uint64_t turn, const struct site_key *sample);

/*
 * The number of outermost frames of `shown', of its script if it has one, that are of these
 * functions; 0: not known. `shown': one of the turn's samples.
 */
uint32_t sample_shared_frames(const struct sample_shared *shared, uint64_t turn,
			      const struct site_key *shown);

#endif
