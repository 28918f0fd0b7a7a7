/*
 * Node's main script. It runs on the main thread before the event loop turns for the first time, so
 * it is in no turn; whatever the script has started waits for it to return. Like a root future it
 * is sampled, and its calls are watched that may last: a second in one of them, or without one, is
 * recorded. Calls that end sooner are forgotten, so that the start of a program costs little.
 */
#ifndef RUNTIME_FUTURES_MAIN_SCRIPT_H
#define RUNTIME_FUTURES_MAIN_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/call_class.h"
#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn_usage.h"

struct executor;

/* Listener: the program's main is about to run. */
void main_script_begins(void);

static inline bool main_script_runs(void)
{
	return UNLIKELY(this_thread.main_script) && !this_thread.turn && !this_thread.vforked &&
	       !this_thread.dead && !this_thread.exempt;
}

/* The classes of calls that may last for a second, and are watched in a main script. */
static inline __attribute__((always_inline)) bool main_script_has(enum call_class class)
{
	return class == CLASS_PURPOSE || class == CLASS_OTHERS || class == CLASS_CHILD ||
	       class == CLASS_OPEN || class == CLASS_TRANSFER;
}

/* Flags of its sites; 0: JavaScript does not run (yet). Async-signal-safe. */
uint8_t main_script_flags(void);

/* Whether a call of this class, on this descriptor (-1: none), may last, and a script runs. */
bool main_script_watches(enum call_class class, int fd);

/* Whether to open the path may last: it is a FIFO. True if no main script runs. */
bool main_script_may_wait_at(int directory, const char *path);

/* The executor of its sites. */
struct executor *main_script_executor(void);

/*
 * Whether a second has passed without such a call, for half of which it had a processor.
 * Async-signal-safe.
 */
bool main_script_is_long(void);

/* Since when it runs without a call that lasted: ticks, and the thread's usage up to then. */
const struct turn_usage *main_script_start(void);

/*
 * A watched call has ended; false: it was too short to be recorded. Otherwise the turn before it is
 * over.
 */
bool main_script_called(uint64_t wall_ns);

/*
 * A loop of libuv is about to run, or to wait. True: JavaScript called it, as spawnSync does, and
 * the script goes on. Otherwise the script has returned, and its turn is over.
 */
bool main_script_goes_on(void);

#endif
