/*
 * The short way of a call that was judged before: the same call on a file, from the same stack, in
 * a turn of the same executor, that took its time neither then nor now. It only has to be counted,
 * or not even that: the close of a file is a finding only if it slept.
 *
 * Whatever could change the verdict is compared with what it was: if anything differs, the call
 * takes the long way in watch.c, which judges it anew. So does each call that may have slept. Only
 * for programs without an interpreter, whose frames would belong to the place.
 */
#ifndef RUNTIME_CALLS_CALL_REPEAT_H
#define RUNTIME_CALLS_CALL_REPEAT_H

#include "call.h"
#include "call_outcome.h"

/*
 * A call begins that may be watched. Returns whether it takes the short way so far. Budget with
 * call_repeat_end: 60 ns and 0.6 ns a frame, of which the clock takes 35.
 */
bool call_repeat_begin(struct call_watch *watch);

/* Then: it has ended. If this returns false, it takes the long way from here on. */
bool call_repeat_end(struct call_watch *watch);

/* A call was judged on the long way, without any excuse. */
void call_repeat_learn(const struct call_watch *watch, struct verdict verdict,
		       const struct outcome *outcome, struct trace_site *site);

/* It is no finding. */
void call_repeat_learn_harmless(const struct call_watch *watch, const struct outcome *outcome);

#endif
