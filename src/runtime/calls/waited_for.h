/*
 * What a call waited for: a file, a peer, a process at the other end of a pipe, a child, the holder
 * of a lock. Asked only when a site is first recorded, and again after long waits until it differs.
 */
#ifndef RUNTIME_CALLS_WAITED_FOR_H
#define RUNTIME_CALLS_WAITED_FOR_H

#include <stdint.h>

struct call_watch;
struct trace_site;

/*
 * A call for a child begins: its name is gone when the call has returned. Budget: 20 us, against
 * 500 for a child; async-signal-safe.
 */
void waited_for_child_begins(struct call_watch *watch);

/* A call of this site has ended. Budget: 10 us; async-signal-safe. */
void waited_for_ask(const struct call_watch *watch, struct trace_site *site);

/* A wait this long is asked about again: 1 ms costs 500 times as much as the question. */
#define WAITED_FOR_LONG_NS 1000000

#endif
