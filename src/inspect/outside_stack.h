/*
 * Reads the stack of a sleeping thread of another process without touching it: stack pointer and
 * program counter come from /proc, the stack from /proc/PID/mem, the call frame information from
 * the mapped files. The frame pointer is not available: if a frame needs it, search the stack for a
 * plausible one.
 */
#ifndef TOOLS_OUTSIDE_STACK_H
#define TOOLS_OUTSIDE_STACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "process_file.h"
#include "thread_state.h"

struct trace_file;
struct outside;

/* The caller frees it with outside_destroy; the memory must live as long. Reads the process's
 * mappings on first use. */
struct outside *outside_create(pid_t pid, const struct process_memory *memory);

/* The same of the process of a trace, or of its core. */
struct outside *outside_create_of(const struct trace_file *trace,
				  const struct process_memory *memory);
void outside_destroy(struct outside *outside);

/* A frame, and the registers through which its code finds its variables. */
struct outside_frame {
	uint64_t pc; /* the return address; in the innermost frame, after the system call */
	uint64_t sp, bp;
	bool bp_known;
};

/* Returns the number of frames; 0 if nothing may be read. */
size_t outside_frames(struct outside *outside, const struct thread_wait *wait,
		      struct outside_frame *frames, size_t max);

/* Return addresses as in a trace_stack. Returns their number; 0 if nothing may be read. */
size_t outside_stack(struct outside *outside, const struct thread_wait *wait, uint64_t *frames,
		     size_t max);

#endif
