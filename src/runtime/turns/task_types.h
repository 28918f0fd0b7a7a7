/* The types of tasks that an executor polls, with their turn counts and times. */
#ifndef RUNTIME_EXECUTORS_TASK_TYPES_H
#define RUNTIME_EXECUTORS_TASK_TYPES_H

#include <stdint.h>

/* A number for the type with this vtable, from 1; 0 if none is left. */
uint32_t task_type_number(uintptr_t vtable, uintptr_t poll);

/* Adds turns of one type; `executor` is the offset of its record. */
void task_type_add(uint32_t number, uint32_t executor, uint64_t turns, uint64_t total_ns,
		   uint64_t max_ns);

/* Its poll function. */
uintptr_t task_type_poll(uint32_t number);

/* Sets and gets where tasks of this type keep their ID, from their headers; 0: not known. */
void task_type_set_id(uint32_t number, uint32_t offset);
uint32_t task_type_id(uint32_t number);

/* Writes its record before the type has any turns to report. */
void task_type_write(uint32_t number);

/* Called in a forked child: the records belong to the parent. */
void task_types_forget(void);

#endif
