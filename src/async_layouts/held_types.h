/* The types that should not live across an await: one line each in held_types.c. */
#ifndef DEBUG_INFO_HELD_TYPES_H
#define DEBUG_INFO_HELD_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/held_class.h"

/* Whether one of the user's own patterns matches: std types by the crate that contains them, or by
 * their path in std. */
bool held_is_own(const char *name, const struct held_patterns *own);

/* Takes the qualified name of a type. */
enum held_class held_class_of(const char *name, const struct held_patterns *own);

#endif
