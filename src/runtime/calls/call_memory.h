/*
 * What a thread remembers of its last calls in turns. Most calls are made again from the same
 * stack: then it is compared instead of walked (see locks/known_stack.h), and the site is at hand.
 *
 * Unlike the stacks of locks, these belong to one thread, and the next ones replace them: a finding
 * needs all of its frames, however many different stacks there are.
 */
#ifndef RUNTIME_CALLS_CALL_MEMORY_H
#define RUNTIME_CALLS_CALL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"
#include "judgement/session.h"
#include "runtime/locks/known_stack.h"

#define CALL_MEMORY_SETS  4
#define CALL_MEMORY_WAYS  4
#define CALL_MEMORY_WORDS 160 /* a stack that depends on more words is walked each time; even */

struct executor;
struct trace_site;

/* What else than the stack identifies a site, for calls without an interpreter's frames. */
struct call_event {
	uint32_t executor;
	uint16_t call, level;
	uint8_t flags, subject, severity;
};

/* One remembered stack, and the site of the last event there. */
struct call_place {
	uint32_t uses;		 /* how many stacks it has held */
	uint32_t epoch;		 /* of the trace that the site lies in */
	struct trace_site *site; /* of an event like this one; NULL: none yet */
	struct call_event event;
	bool harmless; /* the event was no finding, so there is no site */
	/* of the event, for call_repeat.h; valid if `repeats` */
	bool repeats, nonblocking;
	uint8_t descriptor; /* what is known of the call's: see process/descriptors.h; 0: it has
			       none */
	enum session session;
	struct executor *executor;
	reason_set reasons;
	union {
		struct known_stack stack;
		uint64_t room[sizeof(struct known_stack) / 8 + TRACE_MAX_FRAMES +
			      CALL_MEMORY_WORDS + CALL_MEMORY_WORDS / 2];
	};
};

/* A place as it is now: void once it holds another stack. */
struct call_at {
	struct call_place *place; /* NULL: not remembered */
	uint32_t uses;
};

/*
 * The current stack from the caller of the function whose __builtin_frame_address(0) is `frame`, if
 * it is remembered. The caller sees to it that no call of a signal handler is watched meanwhile.
 */
struct call_at call_memory_find(const struct known_frame *frame);

/*
 * Stores the stack from the caller of the function whose __builtin_frame_address(0) is `frame`,
 * without our own frames. Only within OWN_CODE_SCOPE. Budget: 0.6 ns a frame if it is remembered.
 */
struct call_at call_memory_stack(const struct known_frame *frame, uint64_t *frames,
				 uint32_t *depth);

/* Whether the place has a site in this process's trace. */
bool call_memory_has_site(const struct call_place *place);

/* Whether its event is of this process, with a site or harmless. */
bool call_memory_has_event(const struct call_place *place);

/* The site of the last event there, if it was such an event; NULL. */
struct trace_site *call_memory_site(struct call_at at, const struct call_event *event);

/* `site`: NULL if the event is no finding. */
void call_memory_keep(struct call_at at, const struct call_event *event, struct trace_site *site);

COLD void call_memory_thread_ends(void);

/* Called in a forked child: the sites belong to the parent. */
void call_memory_forked(void);

#endif
