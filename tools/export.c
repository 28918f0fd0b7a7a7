/*
 * `yieldsan export`: sends what was found to an OpenTelemetry collector. Each trace is a resource
 * of its own; only what was not sent before is sent, also after a restart.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "command_line.h"
#include "export/http.h"
#include "export/otlp.h"
#include "export/settings.h"
#include "inspect/process_alive.h"
#include "inspect/trace_directory.h"
#include "report/formats/json_report.h"
#include "report/model/model.h"
#include "report/report.h"

#define STATE_FILE   ".yieldsan-exported.json" /* in the directory of the traces */
#define TRIES	     3
#define LONGEST_WAIT 60 /* seconds between two tries */
#define MOST_SECONDS 86400

struct exporting {
	const char *url;
	bool follow;
	long interval; /* seconds */
	struct export_settings settings;
	struct report_options options;
	struct session session;
	size_t traces, records; /* that were sent */
	size_t unreadable;
	enum http_result result; /* of the last request that failed */
	char sentence[HTTP_SENTENCE_SIZE];
};

static volatile sig_atomic_t ending;

static void export_ends(int signal)
{
	ending = signal;
}

static const char *take_otlp(void *target, const char *value)
{
	struct exporting *exporting = target;

	exporting->url = value;
	return NULL;
}

static const char *take_follow(void *target, const char *value)
{
	struct exporting *exporting = target;

	(void)value;
	exporting->follow = true;
	return NULL;
}

static const char *take_interval(void *target, const char *value)
{
	struct exporting *exporting = target;
	char *rest;

	exporting->interval = strtol(value, &rest, 10);
	return *value < '0' || *value > '9' || *rest || exporting->interval < 1 ||
			       exporting->interval > MOST_SECONDS
		       ? "a number of seconds from 1 to 86400"
		       : NULL;
}

static const struct command_option options[] = {
	{ "otlp", 0, "[URL]",
	  "the collector (default: OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318)",
	  take_otlp },
	{ "follow", 'f', NULL, "keep sending what is new until interrupted", take_follow },
	{ "interval", 0, "SECONDS", "with --follow, time between readings (default: 10)",
	  take_interval },
};

static uint64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Only a regular file of the caller's own: another user's could keep findings from being sent. */
static json_t *export_read_state(const char *directory)
{
	char path[PATH_MAX + 64];
	struct stat status;
	json_t *state = NULL;
	int fd;

	snprintf(path, sizeof path, "%s/" STATE_FILE, directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_uid == geteuid())
		state = json_loadfd(fd, 0, NULL);
	if (fd >= 0)
		close(fd);
	if (json_is_object(state))
		return state;
	json_decref(state);
	return json_object();
}

static void write_state(const char *directory, const json_t *state)
{
	char path[PATH_MAX + 64], temporary[PATH_MAX + 80];
	int fd, error;

	snprintf(path, sizeof path, "%s/" STATE_FILE, directory);
	snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	error = fd < 0 || json_dumpfd(state, fd, JSON_COMPACT);
	if (fd >= 0)
		error |= close(fd);
	if (!error && !rename(temporary, path))
		return;
	fprintf(stderr,
		"yieldsan: export: %s cannot be written: %s; the next export sends the same "
		"again\n",
		path, strerror(errno));
	unlink(temporary);
}

static bool export_post(struct exporting *exporting, const struct export_signal *signal,
			const json_t *document)
{
	char *body = document ? json_dumps(document, JSON_COMPACT) : NULL;

	if (!body)
		return true;
	exporting->result = http_post(signal->url, signal->headers, signal->header_count, body,
				      strlen(body), signal->timeout_ms, exporting->sentence);
	free(body);
	return exporting->result == HTTP_SENT;
}

static bool send_report(struct exporting *exporting, const json_t *report, json_t *state,
			const char *name)
{
	struct otlp otlp = otlp_make(report, exporting->settings.resource,
				     json_object_get(state, name), wall_clock_ns());
	bool sent = export_post(exporting, &exporting->settings.logs, otlp.logs) &&
		    export_post(exporting, &exporting->settings.metrics, otlp.metrics);

	if (sent) {
		json_object_set(state, name, otlp.sent);
		exporting->records += otlp.records;
		exporting->traces += otlp.logs || otlp.metrics;
	}
	otlp_free(&otlp);
	return sent;
}

static bool send_trace(struct exporting *exporting, const char *path, json_t *state,
		       const char *name)
{
	struct report report = { .session = &exporting->session, .options = &exporting->options };
	char *paths[] = { (char *)path };
	json_t *document;
	bool sent = true;

	if (json_is_true(json_object_get(json_object_get(state, name), "ended")))
		return true;
	report_read(&report, paths, 1);
	exporting->unreadable += report.summary.unreadable;
	if (report.processes) {
		document = json_report(&report);
		sent = send_report(exporting, document, state, name);
		json_decref(document);
	}
	report_free(&report);
	return sent;
}

/* The state is kept after each trace: what was sent is not sent again if the next one fails. */
static bool send_directory(struct exporting *exporting, const char *directory, const char *only)
{
	json_t *state = export_read_state(directory);
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	char path[PATH_MAX + NAME_MAX + 2];
	bool sent = true;

	if (count < 0) {
		fprintf(stderr, "yieldsan: export: %s: %s\n", directory, strerror(errno));
		exporting->unreadable++;
	}
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t before = exporting->traces;

		snprintf(path, sizeof path, "%s/%s", directory, name);
		if (sent && !ending && trace_is_named(name) && (!only || !strcmp(only, name))) {
			sent = send_trace(exporting, path, state, name);
			if (exporting->traces != before)
				write_state(directory, state);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	json_decref(state);
	return sent;
}

static bool send_name(struct exporting *exporting, const char *name)
{
	char path[PATH_MAX], directory[PATH_MAX];
	struct stat status;

	if (!stat(name, &status) && S_ISDIR(status.st_mode))
		return send_directory(exporting, name, NULL);
	snprintf(path, sizeof path, "%s", name);
	if (access(path, F_OK) && !process_trace_of(name, path)) {
		fprintf(stderr,
			"yieldsan: export: %s: there is no such file, and no process of this "
			"number that writes a trace\n",
			name);
		exporting->unreadable++;
		return true;
	}
	snprintf(directory, sizeof directory, "%s", path);
	return send_directory(exporting, dirname(directory), basename(path));
}

static bool send_all(struct exporting *exporting, char **names, size_t count)
{
	bool sent = true;

	session_init(&exporting->session, &exporting->options.session);
	for (size_t i = 0; i < count && sent; i++)
		sent = send_name(exporting, names[i]);
	report_session_deinit(&exporting->session);
	return sent;
}

static void wait_seconds(long seconds)
{
	struct timespec time = { .tv_sec = seconds };

	if (!ending)
		nanosleep(&time, NULL);
}

/* True: all was sent. Nothing is kept in memory meanwhile: it is read from the traces again. */
static bool send_with_patience(struct exporting *exporting, char **names, size_t count)
{
	long wait = 1;

	for (unsigned attempt = 1; !send_all(exporting, names, count); attempt++) {
		if (ending || exporting->result != HTTP_LATER ||
		    (!exporting->follow && attempt >= TRIES))
			return false;
		if (exporting->follow && attempt == 1)
			fprintf(stderr, "yieldsan: export: %s; it is tried again\n",
				exporting->sentence);
		wait_seconds(wait);
		wait = wait < LONGEST_WAIT / 2 ? 2 * wait : LONGEST_WAIT;
	}
	return true;
}

static int export_finish(const struct exporting *exporting, bool sent, FILE *out)
{
	if (!sent && exporting->sentence[0]) {
		fprintf(stderr, "yieldsan: export: %s; %s\n", exporting->sentence,
			exporting->result == HTTP_REFUSED
				? "the collector must take OTLP over HTTP as JSON"
				: "nothing is lost: export again later");
		return STATUS_WRONG_USE;
	}
	fprintf(out, "yieldsan: sent %zu finding%s of %zu trace%s\n", exporting->records,
		exporting->records == 1 ? "" : "s", exporting->traces,
		exporting->traces == 1 ? "" : "s");
	return exporting->unreadable ? STATUS_WRONG_USE : 0;
}

int export_to(const char *url, char **names, size_t count, FILE *out)
{
	static struct exporting exporting = { .options = REPORT_OPTIONS_DEFAULT };

	exporting.options.show = SEVERITY_NOTICE;
	if (!export_settings_read(&exporting.settings, url))
		return STATUS_WRONG_USE;
	return export_finish(&exporting, send_with_patience(&exporting, names, count), out);
}

int command_export(int argc, char **argv)
{
	static struct exporting exporting = { .options = REPORT_OPTIONS_DEFAULT, .interval = 10 };
	const struct command_line line = {
		.command = "export",
		.arguments = "[OPTION...] DIRECTORY|PID|TRACE...",
		.help = "Sends findings, turn lengths and blocked time to an OpenTelemetry "
			"collector: OTLP over HTTP,\nas JSON. What was sent before is not sent "
			"again. The variables OTEL_EXPORTER_OTLP_ENDPOINT,\n_HEADERS and _TIMEOUT, "
			"OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME apply.\n",
		.question = "what?",
		.groups = { OPTION_GROUP(options, &exporting) },
	};
	struct sigaction action = { .sa_handler = export_ends };
	int status = command_line_parse(&line, argc, argv);
	bool sent;

	if (status >= 0)
		return status;
	exporting.options.show = SEVERITY_NOTICE;
	if (!export_settings_read(&exporting.settings, exporting.url))
		return STATUS_WRONG_USE;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	do {
		sent = send_with_patience(&exporting, argv + optind, (size_t)(argc - optind));
		if (!exporting.follow || (!sent && exporting.result != HTTP_LATER))
			break;
		wait_seconds(exporting.interval);
	} while (!ending);
	return export_finish(&exporting, sent || ending, stdout);
}
