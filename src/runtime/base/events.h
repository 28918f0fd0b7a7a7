/*
 * What one room announces to the rooms above it, which it must not name: turns begin and end, the
 * process forks and exits, descriptors are closed. The listeners, and their order, stand in
 * runtime/hooks.def; runtime/hooks.c makes these functions from it. None is on a hot path: each is
 * called behind a test of the announcer's own.
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

/* Start-up, before the modules are looked at. False: there is no memory, nothing is watched. */
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

/* The layouts of a module with tasks are there. */
void event_task_layout_mapped(struct task_module *module);

/* The present thread got this name. */
void event_thread_named(const char *name);

/* The present thread ends: its destructors of thread-local storage run. */
void event_thread_ends(void);

/* The present thread got its place in the trace; is about to lose it. */
void event_slot_taken(void);
void event_slot_left(void);

/* The thread begins a turn, ends one, while a watched call or a root future's poll is noted: that
 * was left by a longjmp, an exception or cancellation. */
COLD void event_begins_abruptly(void);
COLD void event_ends_abruptly(void);

/* A turn begins within one whose locks are noted without stacks: see locks/held_quiet.h. */
COLD void event_begins_quiet(void);

/* A watched call is noted, but the thread waits elsewhere, at stack address `frame`: one that lies
 * below it was left. */
COLD void event_call_was_left(uintptr_t frame);

/* A turn ends and holds locks, or was cancelled while tasks hold locks. */
COLD void event_ends_holding(struct turn *turn);

/* A coroutine yields within a turn that holds locks. */
COLD void event_coroutine_yields(struct turn *turn);

/* A timed turn of `ns` has ended, long enough for a warning. */
COLD void event_long_turn(struct turn *turn, uint64_t ns);

/* A turn that is long already is interrupted by a part that is not its own. */
COLD void event_long_turn_pauses(const struct turn *turn);

/* By such a part a turn's start is moved; a turn is known by it. */
COLD void event_turn_moved(uint64_t start, uint64_t moved);

/* Descriptors `first` to `last` are closed by a thread that runs a loop. */
COLD void event_descriptors_closed(unsigned first, unsigned last);

/* A call in a turn is about this descriptor. */
void event_descriptor_used(int fd);

/* Whether the present turn may turn out to be none: its loop is not known yet. */
bool ask_turn_is_provisional(const struct turn *turn);

/* Whether code at `pc` belongs to the library whose loop the thread runs. */
bool ask_loop_library_has(uintptr_t pc);

/* Whether a stack of the present thread, frames innermost first, can be of this turn, and if that
 * is a loop's, how far outside the loop's function it lies. */
bool ask_stack_is_of_turn(const struct turn *turn, uintptr_t sp, const uint64_t *frames,
			  unsigned depth, uint16_t *level);

/* A sample outside of turns: the turn of the root future that is polled; NULL: none is. `frames`
 * has room for `size`. */
struct turn *ask_root_turn(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			   size_t size);

/* Which suspended task holds the lock at this address; false: none is known. */
bool ask_guard_holder(uintptr_t lock, struct guard_holder *holder);

/* The layout of the futures that tasks with this vtable have; NULL: not known. */
const struct layout_task *ask_future_of(const struct task_slot *slot, uintptr_t poll);

/* How far outside the present loop's function a stack branches off: see loops/event_loop.h. */
void ask_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain);

#endif
