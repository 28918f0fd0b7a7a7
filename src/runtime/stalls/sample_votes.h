/* Which part of a long turn took most of it, by the interpreter's frames of its samples. */
#ifndef RUNTIME_SAMPLE_VOTES_H
#define RUNTIME_SAMPLE_VOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/trace/sites.h"

#define VOTE_PLACES 4  /* of a turn; a further one replaces the lightest */
#define VOTE_FRAMES 32 /* outermost ones that are compared */

struct sample_votes {
	uint64_t turn; /* start of the turn that they belong to */
	struct vote {
		uint64_t ns;
		uint32_t site; /* offset of the first sample there; 0: free */
		uint32_t depth;
		uint64_t frames[VOTE_FRAMES]; /* hashes of functions, outermost first */
	} places[VOTE_PLACES];
};

/*
 * Adds a sample with its script, which stands for `ns`, and returns the site
 * of the heaviest place. Two samples are at one place if the functions of one called those of the
 * other.
 */
uint32_t sample_vote(struct sample_votes *votes, uint64_t turn, uint32_t site,
		     const struct site_key *sampled, uint64_t ns);

#endif
