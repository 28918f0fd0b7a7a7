/* The types that should not live across an await: one line each in held_types.c. */
#ifndef DEBUG_INFO_HELD_TYPES_H
#define DEBUG_INFO_HELD_TYPES_H

#include <stddef.h>

#include "contract/held_class.h"

/* By the qualified name of a type. */
enum held_class held_class_of(const char *name, const struct held_patterns *own);

#endif
