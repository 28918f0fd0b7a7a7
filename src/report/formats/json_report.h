/*
 * A report as JSON. The schema is a contract: never remove a member; additions are allowed.
 * --format=json prints it, ndjson prints its findings and processes, html embeds it.
 */
#ifndef REPORT_FORMATS_JSON_REPORT_H
#define REPORT_FORMATS_JSON_REPORT_H

#include <jansson.h>

struct finding;
struct report;

/* The caller releases it with json_decref. Durations are in nanoseconds. */
json_t *json_report(const struct report *report);

/* One of its findings. */
json_t *json_of_finding(const struct report *report, const struct finding *finding);

#endif
