/* Why a call that waits is no finding: what waits there is the executor, its library or the
 * interpreter itself. */
#ifndef RUNTIME_CALLS_CALL_EXCUSE_H
#define RUNTIME_CALLS_CALL_EXCUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/excuse.h"
#include "call_outcome.h"

/* A loop that serves one client, or talks to one peer, waits for it at a second place. */
bool call_waits_for_own_peer(const struct call_watch *watch);

/* Takes the interpreter's frames of the call in progress, unless they were taken. */
void call_take_script(struct call_watch *watch);

/* The lock that a thread has again after the call. */
uintptr_t call_mutex(const struct call_watch *watch);

/* In a pool whose threads take turns, a thread that waits for its turn delays nothing. */
bool call_goes_idle(const struct call_watch *watch);

/* Waits that an interpreter or a loop's library makes for itself. */
enum excuse call_own_wait(struct call_watch *watch, const struct outcome *outcome);

/* Code that may block, by what its turn says. */
enum excuse call_offload(struct call_watch *watch);

void call_log_excuse(const struct call_watch *watch, enum excuse excuse);

#endif
