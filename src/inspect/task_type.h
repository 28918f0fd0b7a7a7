/* The name of a task type: the future for which a poll function was compiled. */
#ifndef REPORT_TASK_TYPE_H
#define REPORT_TASK_TYPE_H

#include "address_space.h"

/* Kept. Without symbols: module and offset of the function. */
const char *task_type_name(struct address_space *space, uint64_t poll);

/* Likewise from the function's name with its generic arguments; NULL if they show none. */
const char *task_type_of(struct strings *strings, const char *name);

/* Likewise from the type of an async function's state machine. */
const char *task_type_of_machine(struct strings *strings, const char *machine);

#endif
