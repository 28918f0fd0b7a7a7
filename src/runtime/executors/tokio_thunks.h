/* The doors that stand in slot 0 of hooked task vtables, one a vtable: tokio_thunks.S. */
#ifndef RUNTIME_EXECUTORS_TOKIO_THUNKS_H
#define RUNTIME_EXECUTORS_TOKIO_THUNKS_H

/* The largest programs measured have some 450 (Deno 2.9). */
#define TOKIO_SLOTS	 8192
#define TOKIO_THUNK_SIZE 16

#ifndef __ASSEMBLER__

#include <stdint.h>

/* TOKIO_SLOTS thunks of TOKIO_THUNK_SIZE bytes: number n loads n and jumps to tokio_targets[n]. */
extern const char tokio_thunks[];

/* Where each goes: tokio_undecided, tokio_confirmed, or the function it stands before. */
extern const void *tokio_targets[TOKIO_SLOTS];

/* Targets; not to be called from C. */
void tokio_undecided(void);
void tokio_confirmed(void);

/* What they call. */
const void *tokio_slot_decide(uintptr_t argument, uint32_t number);
void tokio_poll(void *header, uint32_t number);

#endif
#endif
