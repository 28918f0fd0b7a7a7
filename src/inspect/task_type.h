/* The name of a type of tasks: the future that a poll function was compiled for. */
#ifndef REPORT_TASK_TYPE_H
#define REPORT_TASK_TYPE_H

#include "address_space.h"

/* Kept. Where there are no symbols, module and offset of the function. */
const char *task_type_name(struct address_space *space, uint64_t poll);

/* The same from the function's name with its generic arguments; NULL where that tells of none. */
const char *task_type_of(struct strings *strings, const char *name);

/* The same from the type of an async function's state machine. */
const char *task_type_of_machine(struct strings *strings, const char *machine);

#endif
