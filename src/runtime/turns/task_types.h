/* The types of tasks that an executor polls, each with the turns it had. */
#ifndef RUNTIME_EXECUTORS_TASK_TYPES_H
#define RUNTIME_EXECUTORS_TASK_TYPES_H

#include <stdint.h>

/* A number for the type of this vtable, from 1; 0 when there is none left. */
uint32_t task_type_number(uintptr_t vtable, uintptr_t poll);

/* Adds turns of one type; `executor` is the offset of its record. */
void task_type_add(uint32_t number, uint32_t executor, uint64_t turns, uint64_t total_ns,
		   uint64_t max_ns);

/* Its poll function. */
uintptr_t task_type_poll(uint32_t number);

/* Where its tasks keep their number, from their headers; 0: not known. */
void task_type_set_id(uint32_t number, uint32_t offset);
uint32_t task_type_id(uint32_t number);

/* Its record, before it has turns to tell of. */
void task_type_write(uint32_t number);

/* In a forked child: what was written down is the parent's. */
void task_types_forget(void);

#endif
