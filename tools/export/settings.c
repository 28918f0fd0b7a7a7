#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otlp.h"
#include "support/memory.h"

#define DEFAULT_URL	   "http://localhost:4318"
#define DEFAULT_TIMEOUT_MS 10000

static const char *export_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* For this signal, or for all: OTEL_EXPORTER_OTLP_LOGS_HEADERS, OTEL_EXPORTER_OTLP_HEADERS. */
static const char *signal_variable(const char *signal, const char *what)
{
	char name[64];
	const char *value;

	snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s_%s", signal, what);
	value = export_variable(name);
	snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s", what);
	return value ? value : export_variable(name);
}

/* Decodes %XX, and cuts blanks off both ends. */
static char *header_decoded(const char *text, size_t length)
{
	char *result = memory_get(length + 1), *out = result;

	while (length && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	for (size_t i = 0; i < length; i++) {
		char digits[3] = { 0 };

		if (text[i] == '%' && i + 2 < length && isxdigit((unsigned char)text[i + 1]) &&
		    isxdigit((unsigned char)text[i + 2])) {
			memcpy(digits, text + i + 1, 2);
			*out++ = (char)strtol(digits, NULL, 16);
			i += 2;
		} else {
			*out++ = text[i];
		}
	}
	*out = '\0';
	while (out > result && isspace((unsigned char)out[-1]))
		*--out = '\0';
	return result;
}

/* Calls back for each pair of "name=value,name=value". */
static void each_pair(const char *text,
		      void (*take)(const char *name, const char *value, void *data), void *data)
{
	while (text && *text) {
		size_t length = strcspn(text, ","), equals = strcspn(text, "=");

		if (equals < length) {
			char *name = header_decoded(text, equals);
			char *value = header_decoded(text + equals + 1, length - equals - 1);

			if (*name)
				take(name, value, data);
			free(name);
			free(value);
		}
		text += length + (text[length] == ',');
	}
}

static void add_header(const char *name, const char *value, void *data)
{
	struct export_signal *signal = data;
	char *line;

	/* A line break would be a header of its own. */
	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		return;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		memory_exhausted();
	signal->headers = memory_grow(signal->headers, signal->header_count, &signal->header_room,
				      sizeof *signal->headers);
	signal->headers[signal->header_count++] = line;
}

static void add_attribute(const char *name, const char *value, void *data)
{
	otlp_set_text(data, name, value);
}

static bool read_timeout(struct export_signal *signal, const char *name)
{
	const char *text = signal_variable(name, "TIMEOUT");
	char *end;

	signal->timeout_ms = DEFAULT_TIMEOUT_MS;
	if (!text)
		return true;
	signal->timeout_ms = strtol(text, &end, 10);
	if (!*end && signal->timeout_ms > 0)
		return true;
	fprintf(stderr,
		"yieldsan: export: OTEL_EXPORTER_OTLP_TIMEOUT=%s: it must be a number of "
		"milliseconds\n",
		text);
	return false;
}

static bool is_url(const char *url)
{
	if (!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8))
		return true;
	fprintf(stderr, "yieldsan: export: %s: it must begin with http:// or https://\n", url);
	return false;
}

static bool read_signal(struct export_signal *signal, const char *name, const char *path,
			const char *url)
{
	char own[64];
	const char *endpoint;
	size_t length;

	snprintf(own, sizeof own, "OTEL_EXPORTER_OTLP_%s_ENDPOINT", name);
	endpoint = export_variable(own);
	if (url || !endpoint) {
		if (!url)
			url = export_variable("OTEL_EXPORTER_OTLP_ENDPOINT");
		if (!url)
			url = DEFAULT_URL;
		length = strlen(url);
		while (length && url[length - 1] == '/')
			length--;
		if (asprintf(&signal->url, "%.*s%s", (int)length, url, path) < 0)
			memory_exhausted();
	} else {
		signal->url = memory_text(endpoint);
	}
	each_pair(signal_variable(name, "HEADERS"), add_header, signal);
	return is_url(signal->url) && read_timeout(signal, name);
}

bool export_settings_read(struct export_settings *settings, const char *url)
{
	char host[256] = "";
	const char *service = export_variable("OTEL_SERVICE_NAME");

	*settings = (struct export_settings){ .resource = json_array() };
	if (!gethostname(host, sizeof host - 1) && *host)
		otlp_set_text(settings->resource, "host.name", host);
	each_pair(export_variable("OTEL_RESOURCE_ATTRIBUTES"), add_attribute, settings->resource);
	if (service)
		otlp_set_text(settings->resource, "service.name", service);
	url = url && *url ? url : NULL;
	return read_signal(&settings->logs, "LOGS", "/v1/logs", url) &&
	       read_signal(&settings->metrics, "METRICS", "/v1/metrics", url);
}
