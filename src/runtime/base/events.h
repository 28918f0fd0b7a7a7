/*
 * Events that a room announces to the rooms above it, which it must not include: turns begin and
 * end, the process forks and exits, descriptors are closed. runtime/hooks.def lists the listeners
 * in order; runtime/hooks.c generates these functions from it. None is on a hot path: the caller
 * tests first whether the event matters.
 */
#ifndef RUNTIME_BASE_EVENTS_H
#define RUNTIME_BASE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

struct guard_holder;
struct layout_task;
struct module;
struct task_module;
struct task_slot;
struct turn;
struct unwind_start;

/* Start-up, before the modules are scanned. False: no memory, nothing is watched. */
bool event_starting(void);

/* Start-up is over: the program's main is about to run on this thread. */
void event_started(void);

/* In a forked child, on its only thread. */
void event_forked(void);

/* The process ends, by a call at stack address `frame` (UINTPTR_MAX: by none). */
void event_exits(uintptr_t frame);

/* A seccomp filter is about to forbid system calls. */
void event_silenced(void);

void event_module_added(struct module *module);
void event_module_removed(struct module *module);

/* The layouts of a module with tasks were mapped. */
void event_task_layout_mapped(struct task_module *module);

/* The calling thread got this name. */
void event_thread_named(const char *name);

/*
 * The calling thread got an alternate signal stack, by a call that returns to `caller`. Each thread
 * of Rust's std gets one before its function runs.
 */
void event_signal_stack_made(uintptr_t caller);

/* The calling thread ends: its destructors of thread-local storage run. */
void event_thread_ends(void);

/* The calling thread got its record in the trace; is about to lose it. */
void event_slot_taken(void);
void event_slot_left(void);

/*
 * The thread begins or ends a turn while a watched call or a root future's poll seems to be in
 * progress: that was left by a longjmp, an exception or cancellation.
 */
COLD void event_begins_abruptly(void);
COLD void event_ends_abruptly(void);

/* A turn begins within one whose locks are recorded without stacks: see locks/held_quiet.h. */
COLD void event_begins_quiet(void);

/*
 * A watched call seems to be in progress, but the thread waits elsewhere, at stack address `frame`:
 * a call below it was left.
 */
COLD void event_call_was_left(uintptr_t frame);

/* A turn ends while it holds locks, or was cancelled while tasks hold locks. */
COLD void event_ends_holding(struct turn *turn);

/* A coroutine yields within a turn that holds locks. */
COLD void event_coroutine_yields(struct turn *turn);

/* A timed turn of `ns` has ended, long enough for a warning. */
COLD void event_long_turn(struct turn *turn, uint64_t ns);

/* A turn that is already long is interrupted by a part that is not its own. */
COLD void event_long_turn_pauses(const struct turn *turn);

/* Such a part moved the turn's start, which identifies the turn. */
COLD void event_turn_moved(uint64_t start, uint64_t moved);

/* Descriptors `first` to `last` were closed by a thread that runs a loop. */
COLD void event_descriptors_closed(unsigned first, unsigned last);

/* A call in a turn uses this descriptor. */
void event_descriptor_used(int fd);

/* Whether the current turn may turn out not to be one: its loop is not known yet. */
bool ask_turn_is_provisional(const struct turn *turn);

/* Whether code at `pc` belongs to the library whose loop the thread runs. */
bool ask_loop_library_has(uintptr_t pc);

/*
 * Whether a stack of the calling thread, frames innermost first, can belong to this turn; if it is
 * a loop's turn, also how far outside the loop's function the stack lies.
 */
bool ask_stack_is_of_turn(const struct turn *turn, uintptr_t sp, const uint64_t *frames,
			  unsigned depth, uint16_t *level);

/*
 * For a sample outside turns: the turn of the root future that is being polled; NULL: none.
 * `frames` has room for `size`.
 */
struct turn *ask_root_turn(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			   size_t size);

/* The suspended task that holds the lock at this address; false: none is known. */
bool ask_guard_holder(uintptr_t lock, struct guard_holder *holder);

/* The layout of the futures of tasks with this vtable; NULL: not known. */
const struct layout_task *ask_future_of(const struct task_slot *slot, uintptr_t poll);

/* How far outside the current loop's function a stack branches off: see loops/event_loop.h. */
void ask_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain);

#endif
