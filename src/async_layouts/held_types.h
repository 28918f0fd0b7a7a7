/* The types that should not live across an await: one line each in held_types.c. */
#ifndef DEBUG_INFO_HELD_TYPES_H
#define DEBUG_INFO_HELD_TYPES_H

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
};

/* By the qualified name of a type. */
enum held_class held_class_of(const char *name, const struct held_patterns *own);

#endif
