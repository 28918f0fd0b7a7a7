/* A stack as a report shows it. */
#ifndef REPORT_STACK_H
#define REPORT_STACK_H

#include "inspect/address_space.h"
#include "frame.h"

struct ownership;

/* Innermost first. */
struct stack {
	struct frame *frames;
	size_t count;
	/*
	 * The frame that a reader should look at: the innermost of the program's own code; without
	 * one, the innermost of a dependency; else count.
	 */
	size_t place;
	size_t id_place; /* the same by the rules for ids: see frame.h */
	bool incomplete; /* outer frames were not recorded: too many locks in the turn, or too many
			    notices in the process */
};

/* From return addresses; at most TRACE_MAX_FRAMES with inlined calls, in the report's memory. Equal
 * stacks share their frames. */
struct stack stack_native(struct address_space *space, struct ownership *ownership,
			  const uint64_t *addresses, size_t count, uint64_t when_ns);

/* From the lines of a trace_script. */
struct stack stack_script(struct session *session, const char *text, size_t size,
			  const struct ownership *ownership, enum script_language language);

void stacks_deinit(struct session *session);

/* The frame to look at; NULL if unknown. */
const struct frame *stack_place(const struct stack *stack);

/*
 * Fills both places: the first frame of the program, else of a package, else count. Frames outside
 * a turn's boundary have the lowest priority.
 */
void stack_find_places(struct stack *stack);

/*
 * Whether a forge or test viewer may point at the frame: it is the program's own and has a file.
 * The second function returns the innermost one; NULL if there is none.
 */
bool frame_is_users(const struct frame *frame);
const struct frame *stack_users_frame(const struct stack *stack);

#endif
