/* A finding in one sentence. */
#ifndef REPORT_HEADLINE_H
#define REPORT_HEADLINE_H

#include "finding.h"

/* "std::thread::sleep (clock_nanosleep) blocks a tokio worker in FUNCTION (FILE:LINE): 3 times,
 * ..." */
const char *headline(struct report *report, const struct finding *finding);

/* The same in its parts, for those who lay it out themselves; kept strings. What is blocked by
 * what: */
const char *headline_subject(struct report *report, const struct finding *finding);
/* where, NULL when not known: "FUNCTION (FILE:LINE)" */
const char *headline_place(struct report *report, const struct finding *finding);
/* how often and how long */
const char *headline_cost(struct report *report, const struct finding *finding);

/* A path as it is shown: relative where it lies in the present directory. */
const char *shown_path(struct report *report, const char *path);

#endif
