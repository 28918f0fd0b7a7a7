/* What a value that lives across an await is, as a layout and its readers know it. */
#ifndef CONTRACT_HELD_CLASS_H
#define CONTRACT_HELD_CLASS_H

#include <stdbool.h>
#include <stddef.h>

enum held_class {
	HELD_NOTHING,
	HELD_LOCK,	 /* a guard of a lock that blocks threads */
	HELD_ASYNC_LOCK, /* a guard of a lock made to be held over awaits */
	HELD_BORROW,	 /* of a RefCell */
	HELD_NON_SEND,	 /* belongs to its thread */
	HELD_FUTURE,	 /* another state machine */
	HELD_OTHER,	 /* a variable that is alive: its size may matter */
};

/* Patterns of the user's own: matched against a type's path, without its arguments. */
struct held_patterns {
	const char *const *patterns;
	size_t count;
	bool *matched; /* of each: whether a type fitted it; NULL: of no interest */
};

#endif
