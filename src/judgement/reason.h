/* Why a finding has its severity: a set of rows of reasons.def. */
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

/* The effect of a reason on the severity. */
enum reason_effect {
	REASON_GIVES,  /* the table row that applies */
	REASON_RAISES, /* above what the row says of longer waits */
	REASON_LOWERS,
	REASON_DOUBTS, /* lowers only the confidence */
};

/* One bit for each reason. The reasons set by the runtime are written into traces as one word. */
typedef unsigned __int128 reason_set;

#define REASON_BIT(reason) ((reason_set)1 << (reason))

_Static_assert(REASON_NO_PLACE < 64 && REASON_CLIENT_SESSION < 64,
	       "the reasons of the runtime fit into a word");
_Static_assert(REASONS <= 128, "all reasons fit into a set");

static inline bool reason_is_in(reason_set set, enum reason reason)
{
	return (set & REASON_BIT(reason)) != 0;
}

#endif
