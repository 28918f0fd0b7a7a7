/*
 * The stack of a thread that sleeps in another process, without a touch of it: its stack pointer
 * and program counter are in /proc, its stack is read from /proc/PID/mem, and the call frame
 * information of the files that it has mapped tells the rest. Of its frame pointer nobody tells:
 * where a frame needs it, the stack is searched for what looks like one.
 */
#ifndef TOOLS_OUTSIDE_STACK_H
#define TOOLS_OUTSIDE_STACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "process_file.h"
#include "thread_state.h"

struct outside;

/* To be freed by outside_destroy; the memory must live as long. Reads the process's mappings when
 * first asked of it. */
struct outside *outside_create(pid_t pid, const struct process_memory *memory);
void outside_destroy(struct outside *outside);

/* A frame, and the registers by which its code finds its variables. */
struct outside_frame {
	uint64_t pc; /* the return address; the innermost: behind the call of the kernel */
	uint64_t sp, bp;
	bool bp_known;
};

/* Returns how many; 0 when nothing may be read. */
size_t outside_frames(struct outside *outside, const struct thread_wait *wait,
		      struct outside_frame *frames, size_t max);

/* Return addresses, as in a trace_stack. Returns how many; 0 when nothing may be read. */
size_t outside_stack(struct outside *outside, const struct thread_wait *wait, uint64_t *frames,
		     size_t max);

#endif
