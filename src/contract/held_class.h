/* The class of a value that lives across an await, for a layout and its readers. */
#ifndef CONTRACT_HELD_CLASS_H
#define CONTRACT_HELD_CLASS_H

#include <stdbool.h>
#include <stddef.h>

enum held_class {
	HELD_NOTHING,
	HELD_LOCK,	 /* a guard of a lock that blocks threads */
	HELD_ASYNC_LOCK, /* a guard of a lock that may be held across awaits */
	HELD_BORROW,	 /* of a RefCell */
	HELD_NON_SEND,	 /* must not leave its thread */
	HELD_FUTURE,	 /* another state machine */
	HELD_END,	 /* an end of a wait between tasks: see struct layout_end */
	HELD_OTHER,	 /* another live variable: its size may matter */
};

/* The user's own patterns, matched against a type's path without its arguments. */
struct held_patterns {
	const char *const *patterns;
	size_t count;
	bool *matched; /* for each pattern, whether a type matched; NULL: not needed */
};

#endif
