/* Finds threads that hold locks for which turns wait, but run no turns themselves: they can only be
 * identified from outside. */
#ifndef TOOLS_HOLDER_WATCH_H
#define TOOLS_HOLDER_WATCH_H

#include "watched_trace.h"

/* Samples holders whose stack is not recorded yet; skips one that is running until
 * the next time. */
void holder_watch_look(struct watched_trace *trace);

#endif
