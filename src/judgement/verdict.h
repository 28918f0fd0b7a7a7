/* The verdict on one observation: a severity, and the reasons for it. */
#ifndef JUDGEMENT_VERDICT_H
#define JUDGEMENT_VERDICT_H

#include "contract/trace_format.h"
#include "reason.h"

struct verdict {
	enum severity severity;
	reason_set reasons;
};

static inline void verdict_raise(struct verdict *verdict, enum severity to, enum reason reason)
{
	if (verdict->severity < to) {
		verdict->severity = to;
		verdict->reasons |= REASON_BIT(reason);
	}
}

static inline void verdict_lower(struct verdict *verdict, enum severity to, enum reason reason)
{
	if (verdict->severity > to) {
		verdict->severity = to;
		verdict->reasons |= REASON_BIT(reason);
	}
}

#endif
