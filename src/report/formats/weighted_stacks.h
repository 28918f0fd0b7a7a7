/*
 * The content of profiles: stacks of blocking calls with their time, and samples with their share
 * of the turn's time. Held locks and cancellations take no thread time and are not in a profile.
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
	const struct stack *stack; /* the stack that the program's author knows */
	uint64_t count;		   /* calls, or turns that were sampled */
	uint64_t ns;
	bool busy; /* on a CPU; otherwise waiting */
};

/* For all findings that are shown. */
void weighted_stacks_visit(const struct report *report,
			   void (*visit)(void *target, const struct weighted_stack *stack),
			   void *target);

#endif
