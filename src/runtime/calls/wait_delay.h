/*
 * The part of a wait that the machine's load explains. On a crowded machine, for a lock whose
 * holder is known, this is the time that the holder and then the calling thread waited for a CPU;
 * for any other wait see trace/crowd.h.
 */
#ifndef RUNTIME_CALLS_WAIT_DELAY_H
#define RUNTIME_CALLS_WAIT_DELAY_H

#include <stdint.h>

#include "call.h"

/* A watched wait for a lock begins. `holder`: tid of the thread that holds it; 0: not known. */
void wait_delay_begin(struct call_watch *watch, int32_t holder);

uint64_t wait_delay(const struct call_watch *watch, uint64_t end_ns);

#endif
