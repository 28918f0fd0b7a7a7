/*
 * Classifies the frames of an observation, once its stack has names, for the judge
 * (judgement/report/stack.h).
 */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include "report/model/finding.h"

struct limits;

/*
 * Lowers severity and confidence, and sets root, as the rules say; false when this is no finding:
 * code that may block, or a thread that runs no turn. `flags`: enum site_flags. `script_full`: the
 * interpreter's outer frames may have found no room.
 */
bool verdict(struct finding *seen, uint8_t flags, bool script_full);

/* Whether an interpreter's code ran below its event loop, and not before or after; true as well
 * where that is not known. */
bool verdict_is_below_loop(const struct finding *seen, bool script_full);

/* The same of a long turn. */
bool verdict_long_turn(struct finding *seen, uint8_t flags, bool script_full,
		       const struct limits *limits);

#endif
