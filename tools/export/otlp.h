/*
 * What is sent for one trace: its report in JSON, less what was sent before, as log records and
 * metrics of OTLP in its JSON encoding.
 * Source: https://opentelemetry.io/docs/specs/otlp/ (JSON encoding), opentelemetry-proto 1.3
 */
#ifndef TOOLS_EXPORT_OTLP_H
#define TOOLS_EXPORT_OTLP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Sets an attribute, in place of one of the same name. */
void otlp_set_text(json_t *attributes, const char *name, const char *value);

struct otlp {
	json_t *logs, *metrics; /* documents; NULL: there is nothing new */
	json_t *sent;		/* what will have been sent after them: see otlp_make() */
	size_t records;		/* log records */
};

/*
 * `report`: of one trace (see json_report.h). `resource`: attributes for all. `sent`: the result of
 * the former call for this trace, NULL for the first: {"findings": {ID: [COUNT, TOTAL_NS]},
 * "executors": {NAME: {LOWER_BOUND: COUNT}}, "until": NS, "ended": BOOL}. `now_ns`: since 1970.
 * Release by otlp_free().
 */
struct otlp otlp_make(const json_t *report, const json_t *resource, const json_t *sent,
		      uint64_t now_ns);
void otlp_free(struct otlp *otlp);

#endif
