/* Where and how to send, from the standard OTEL_* variables.
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
#ifndef TOOLS_EXPORT_SETTINGS_H
#define TOOLS_EXPORT_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct export_signal {
	char *url;
	char **headers; /* "Name: value" */
	size_t header_count, header_room;
	long timeout_ms;
};

struct export_settings {
	struct export_signal logs, metrics;
	json_t *resource; /* attributes that the environment sets */
};

/* `url`: the collector's address without /v1/...; NULL or empty: from the environment. False with a
 * sentence on standard error. */
bool export_settings_read(struct export_settings *settings, const char *url);

#endif
