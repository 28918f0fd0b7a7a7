/* A finding in one sentence. */
#ifndef REPORT_HEADLINE_H
#define REPORT_HEADLINE_H

#include "report/model/finding.h"

/* "std::thread::sleep (clock_nanosleep) blocks a tokio worker in FUNCTION (FILE:LINE): 3 times,
 * ..." */
const char *headline(struct session *session, const struct finding *finding);

/* Its parts, kept strings. The place, NULL if unknown: "FUNCTION (FILE:LINE)" */
const char *headline_place(struct session *session, const struct finding *finding);
const char *headline_place_of(struct session *session, const struct finding_stack *stack);
/* whose turn it was: "a tokio worker" */
const char *headline_executor(struct session *session, const struct finding *finding);

/* How often it was seen: "once", "3 times" */
const char *headline_times(struct session *session, const struct finding *finding);

/* A path as shown: relative if it is below the current directory; in text, from the repository's
 * top. */
const char *shown_path(struct session *session, const char *path);

#endif
