/* Why a finding has its severity: the rows of reasons.def, as a set. */
#ifndef JUDGEMENT_REASON_H
#define JUDGEMENT_REASON_H

#include <stdbool.h>
#include <stdint.h>

#define REASON(name, effect, word, text) REASON_##name,
enum reason {
#include "reasons.def"
	REASONS
};
#undef REASON

/* What a reason does to the severity. */
enum reason_effect {
	REASON_GIVES,  /* it is the row of the table that applies */
	REASON_RAISES, /* to what the row says of longer waits */
	REASON_LOWERS,
	REASON_DOUBTS, /* lowers the confidence alone */
};

/* One bit for each reason: they are written into traces. */
typedef uint64_t reason_set;

#define REASON_BIT(reason) (UINT64_C(1) << (reason))

_Static_assert(REASONS <= 64, "a set of reasons is a word");

static inline bool reason_is_in(reason_set set, enum reason reason)
{
	return set & REASON_BIT(reason);
}

#endif
