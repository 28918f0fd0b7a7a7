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
	 * The frame that a reader should look at: the innermost of the program's own code; where
	 * none is known the innermost of a dependency; else count.
	 */
	size_t place;
	size_t id_place; /* the same by the rules that ids are made of: see frame.h */
	bool incomplete; /* its outer frames were not recorded: too many locks in its turn, or
			  * notices in the process */
};

/* From return addresses, at most TRACE_MAX_FRAMES, inlined calls included; in the report's memory,
 * where equal ones share their frames. */
struct stack stack_native(struct address_space *space, struct ownership *ownership,
			  const uint64_t *addresses, size_t count, uint64_t when_ns);

/* From the lines of a trace_script. */
struct stack stack_script(struct session *session, const char *text, size_t size,
			  const struct ownership *ownership, enum script_language language);

void stacks_deinit(struct session *session);

/* The frame to look at; NULL when none is known. */
const struct frame *stack_place(const struct stack *stack);

/*
 * Fills both places: the first frame of the program's own, else of a package's; count where there
 * is neither. What lies outside of a turn's boundary comes last.
 */
void stack_find_places(struct stack *stack);

/*
 * The frames that a forge or a test viewer may point at: the program's own, with a file. The
 * innermost of them; NULL when there is none.
 */
bool frame_is_users(const struct frame *frame);
const struct frame *stack_users_frame(const struct stack *stack);

#endif
