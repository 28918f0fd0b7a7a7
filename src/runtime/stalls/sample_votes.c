#include "sample_votes.h"

#include <string.h>

#include "runtime/interpreters/script_functions.h"

static bool is_same_place(const struct vote *one, const struct vote *other)
{
	uint32_t depth = one->depth < other->depth ? one->depth : other->depth;

	return !memcmp(one->frames, other->frames, depth * sizeof *one->frames);
}

static struct vote *find_vote(struct sample_votes *votes, const struct vote *sample)
{
	struct vote *lightest = votes->places;

	for (size_t i = 0; i < VOTE_PLACES; i++) {
		struct vote *place = &votes->places[i];

		if (place->site && is_same_place(place, sample))
			return place;
		if (place->ns < lightest->ns)
			lightest = place;
	}
	*lightest = *sample;
	return lightest;
}

uint32_t sample_vote(struct sample_votes *votes, uint64_t turn, uint32_t site,
		     const struct site_key *sampled, uint64_t ns)
{
	struct vote sample = { .site = site };
	const struct script_text script = { sampled->script, sampled->script_size,
					    sampled->language };
	const struct vote *heaviest = votes->places;

	if (votes->turn != turn) {
		memset(votes, 0, sizeof *votes);
		votes->turn = turn;
	}
	sample.depth = script_functions(&script, sample.frames, VOTE_FRAMES);
	find_vote(votes, &sample)->ns += ns;
	for (size_t i = 1; i < VOTE_PLACES; i++)
		if (votes->places[i].ns > heaviest->ns)
			heaviest = &votes->places[i];
	return heaviest->site;
}
