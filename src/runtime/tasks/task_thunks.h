/* The thunks in hooked task vtables, one for each: task_thunks.S. */
#ifndef RUNTIME_EXECUTORS_TASK_THUNKS_H
#define RUNTIME_EXECUTORS_TASK_THUNKS_H

/* The largest programs measured have some 450 (Deno 2.9). */
#define TASK_SLOTS	8192
#define TASK_THUNK_SIZE 16

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

/* TASK_SLOTS thunks of TASK_THUNK_SIZE bytes: number n loads n and jumps to task_targets[n]. */
extern const char task_thunks[];

/* The target of each: task_undecided, a family's confirmed, or the original function. */
extern const void *task_targets[TASK_SLOTS];

/* Targets; don't call them from C. */
void task_undecided(void);
void tokio_confirmed(void);
void tokio_shutdown_confirmed(void);
void tokio_schedule_confirmed(void);
void async_task_confirmed(void);
void async_task_drop_confirmed(void);
void boxed_drop_confirmed(void);

/* The functions that they call. */
const void *task_slot_decide(uintptr_t argument, uint32_t number);
void tokio_poll(void *header, uint32_t number);
void tokio_shutdown(void *header, uint32_t number);
void tokio_schedule(void *header, uint32_t number);
bool async_task_run(void *header, uint32_t number);
void async_task_drop_future(void *header, uint32_t number);
void boxed_drop(void *future, uint32_t number);
int task_unwound(int version, int actions, uint64_t class, void *exception, void *context);

#endif
#endif
