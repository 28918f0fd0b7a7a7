/*
 * What profiles are made of: the stacks of calls that blocked, with the time they took, and of
 * samples, with their share of the turn's time. Locks that are held, and what was cancelled, took
 * no time of a thread and are not in a profile.
 */
#ifndef REPORT_FORMATS_WEIGHTED_STACKS_H
#define REPORT_FORMATS_WEIGHTED_STACKS_H

#include <stdbool.h>
#include <stdint.h>

struct finding;
struct report;
struct stack;

struct weighted_stack {
	const struct finding *finding;
	const struct stack *stack; /* the face that the program's author knows */
	uint64_t count;		   /* calls, or turns that samples are of */
	uint64_t ns;
	bool busy; /* on a processor; or else it waited */
};

/* Of all findings that are shown. */
void weighted_stacks_visit(const struct report *report,
			   void (*visit)(void *target, const struct weighted_stack *stack),
			   void *target);

#endif
