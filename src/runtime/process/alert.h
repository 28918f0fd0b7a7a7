/*
 * What happens at the moment of a new finding, on request: the options halt and on_finding, and the
 * program's own yieldsan_on_finding(). Once for each site, and only once it is certain that it
 * counts: see alert_site().
 */
#ifndef RUNTIME_PROCESS_ALERT_H
#define RUNTIME_PROCESS_ALERT_H

#include <stdint.h>

#include "contract/trace_format.h"

/* Start-up. */
void alert_init(void);

/* The program's callback, from its table of marks. The first one that is not NULL counts. */
void alert_set_callback(void (*callback)(const char *text));

/*
 * After an event of this severity was counted at the site. An event in a loop that has not come
 * back to its wait from this level yet is not certain: its loop alerts when it does.
 */
void alert_site(struct trace_site *site, enum severity severity);

/* When the turn of the site's events has turned out to belong to a loop. */
void alert_confirmed(struct trace_site *site);

/* A turn is in a cycle of locks (`waited_ns` 0), or has waited this long for a lock whose holder is
 * known. */
void alert_deadlock(const struct trace_executor *executor, uint64_t waited_ns);

#endif
