/*
 * The place of a long turn. Samples catch a turn anywhere, so turns that began in one function of
 * the program make one finding. But a dispatcher, a middleware or main() begins all turns of a
 * server: where whole turns are in different functions below it, each of these is a place.
 */
#ifndef REPORT_TURN_PLACES_H
#define REPORT_TURN_PLACES_H

#include <stddef.h>

struct finding;
struct finding_stack;
struct process;
struct report;

/*
 * Keeps an observation with one stack, all that it points to being kept. `shared`: the number of
 * outermost recorded frames whose functions all samples of its turns have; 0: not known.
 */
void turn_place_keep(struct report *report, const struct process *process,
		     const struct finding *seen, size_t shared);

/* Finds the places of what was kept, and adds it to the findings. */
void turn_places_find(struct report *report);

/* Puts a sample's turn_place, by those that turn_places_find found. */
void turn_place_of_sample(struct report *report, const char *executor, struct finding_stack *stack);

#endif
