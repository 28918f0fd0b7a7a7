/*
 * How much of a wait the machine's load explains. On a crowded machine, and for a lock that says
 * who has it, that is the time that the holder and then the present thread waited for a processor;
 * for any other wait see trace/crowd.h.
 */
#ifndef RUNTIME_CALLS_WAIT_DELAY_H
#define RUNTIME_CALLS_WAIT_DELAY_H

#include <stdint.h>

#include "call.h"

/* A watched wait begins for a lock that this thread has; 0: it is not known. */
void wait_delay_begin(struct call_watch *watch, int32_t holder);

uint64_t wait_delay(const struct call_watch *watch, uint64_t end_ns);

#endif
