/*
 * A report as JSON. The schema is the contract: nothing may go, things may be added. --format=json
 * prints it, ndjson prints its findings and processes, html embeds it.
 */
#ifndef REPORT_FORMATS_JSON_REPORT_H
#define REPORT_FORMATS_JSON_REPORT_H

#include <jansson.h>

struct report;

/* The caller's to json_decref. Durations are in nanoseconds. */
json_t *json_report(const struct report *report);

#endif
