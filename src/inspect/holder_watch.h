/* Holders of locks that turns wait for, and that run none themselves: only from outside it can be
 * told who they are and where. */
#ifndef TOOLS_HOLDER_WATCH_H
#define TOOLS_HOLDER_WATCH_H

#include "watched_trace.h"

/* Looks at those whose stack is not written down yet; one that runs just now is left for later. */
void holder_watch_look(struct watched_trace *trace);

#endif
