#include "report_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "report/model/words.h"
#include "support/memory.h"

#define MOST_SAMPLES 1000000

static const char *settings_take_format(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.format = value;
	return report_format_is_known(value) ? NULL : report_format_names();
}

static const char *take_show(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->show_given = true;
	return severity_from_word(value, &settings->report.show) ? "error, warning or notice"
								 : NULL;
}

static const char *take_fail_on(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->fail_on_given = true;
	if (!strcmp(value, "never"))
		settings->report.fail_on = SEVERITIES;
	else if (severity_from_word(value, &settings->report.fail_on))
		return "error, warning, notice or never";
	return NULL;
}

static const char *take_exit_code(void *target, const char *value)
{
	struct report_settings *settings = target;
	char *end;
	unsigned long code = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || code > 255)
		return "a number from 0 to 255";
	settings->exit_code = (int)code;
	return NULL;
}

static const char *take_suppressions(void *target, const char *value)
{
	struct report_settings *settings = target;
	char sentence[SUPPRESSIONS_SENTENCE_SIZE];

	settings->report.suppressions = &settings->suppressions;
	if (!suppressions_read(&settings->suppressions, value, sentence))
		return NULL;
	fprintf(stderr, "yieldsan: %s\n", sentence);
	return OPTION_WRONG_AND_TOLD;
}

static const char *take_fail_on_unused_suppressions(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->report.fail_on_unused_suppressions = true;
	return NULL;
}

static const char *take_baseline(void *target, const char *value)
{
	struct report_settings *settings = target;
	char sentence[BASELINE_SENTENCE_SIZE];

	settings->report.baseline = &settings->baseline;
	if (!baseline_read(&settings->baseline, value, sentence))
		return NULL;
	fprintf(stderr, "yieldsan: %s\n", sentence);
	return OPTION_WRONG_AND_TOLD;
}

/* Check early that it can be written, rather than after an hour's run. */
static const char *take_write_baseline(void *target, const char *value)
{
	struct report_settings *settings = target;
	char sentence[BASELINE_SENTENCE_SIZE], *directory = memory_text(value);
	char *slash = strrchr(directory, '/');
	struct baseline former = { 0 };
	int error = baseline_read(&former, value, sentence);
	bool writable;

	if (slash)
		slash[slash == directory] = '\0';
	writable = !access(error == -ENOENT ? slash ? directory : "." : value, W_OK);
	free(directory);
	baseline_deinit(&former);
	settings->report.write_baseline = value;
	if (!*value || !writable)
		return "the name of a file that can be written";
	if (!error || error == -ENOENT)
		return NULL;
	fprintf(stderr, "yieldsan: %s\n", sentence);
	return OPTION_WRONG_AND_TOLD;
}

static const char *take_why(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->report.why = true;
	return NULL;
}

static const char *take_no_source(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->report.session.no_source = true;
	return NULL;
}

static const char *take_full(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->report.full = true;
	return NULL;
}

static const char *take_top(void *target, const char *value)
{
	struct report_settings *settings = target;
	char *end;
	unsigned long count = strtoul(value, &end, 10);

	settings->report.top = count;
	return *value >= '1' && *value <= '9' && !*end ? NULL : "a number from 1 on";
}

const char *report_settings_take_no_pager(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->no_pager = true;
	return NULL;
}

static const char *settings_take_samples(void *target, const char *value)
{
	struct report_settings *settings = target;
	char *end;
	unsigned long count = strtoul(value, &end, 10);

	settings->report.samples = count;
	if (!strcmp(value, "all"))
		settings->report.samples = REPORT_SAMPLES_ALL;
	else if (*value < '1' || *value > '9' || *end || count > MOST_SAMPLES)
		return "all, or a number from 1 to 1000000";
	return NULL;
}

const char *report_settings_take_strip_prefix(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.session.strip_prefix = value;
	return *value ? NULL : "a directory as the compiler named it";
}

const char *report_settings_take_source_root(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.session.source_root = value;
	return *value ? NULL : "the directory that the sources lie in";
}

static const char *settings_take_config(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->config_name = value;
	return NULL;
}

static const char *take_merge_junit(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.merge_junit = value;
	return *value ? NULL : "the name of a JUnit XML file";
}

const struct command_option report_settings_options[] = {
	{ "format", 0, "FORMAT", "format of the report (default: text)", settings_take_format },
	{ "config", 0, "FILE", "settings; ./yieldsan.toml or above without it, none if empty",
	  settings_take_config },
	{ "merge-junit", 0, "FILE",
	  "with --format=junit: print the test runner's JUnit file FILE, with the findings added "
	  "to its tests",
	  take_merge_junit },
	{ "show", 0, "LEVEL", "lowest severity shown: error, warning (default), notice",
	  take_show },
	{ "why", 0, NULL, "show the rules that gave each finding its severity", take_why },
	{ "fail-on", 0, "LEVEL",
	  "lowest severity that fails: error (default), warning, notice, never", take_fail_on },
	{ "suppressions", 0, "FILE",
	  "leave out what its rules match; ./" SUPPRESSIONS_FILE " or above without it",
	  take_suppressions },
	{ "fail-on-unused-suppressions", 0, NULL, "fail when a rule matched nothing",
	  take_fail_on_unused_suppressions },
	{ "baseline", 0, "FILE", "leave out findings that are listed in FILE", take_baseline },
	{ "write-baseline", 0, "FILE",
	  "write the ids of all current findings to FILE, and do not fail because of them",
	  take_write_baseline },
	{ "exit-code", 0, "N", "status that means `findings': 66 without it", take_exit_code },
	{ "full", 0, NULL,
	  "text: every finding with its whole stack, instead of a report of at most 40 lines",
	  take_full },
	{ "top", 0, "N", "only the N worst findings", take_top },
	{ "no-pager", 0, NULL, "text: never through $PAGER on a terminal",
	  report_settings_take_no_pager },
	{ "samples", 0, "N",
	  "json, ndjson, html: at most N different stacks of each long turn, or `all'; 20 without "
	  "it",
	  settings_take_samples },
	{ "no-source", 0, NULL, "no lines of the source in the text report", take_no_source },
	{ "strip-prefix", 0, "DIR", "remove DIR from the start of source paths",
	  report_settings_take_strip_prefix },
	{ "source-root", 0, "DIR", "show relative source paths below DIR",
	  report_settings_take_source_root },
};

const size_t report_settings_option_count =
	sizeof report_settings_options / sizeof *report_settings_options;

const char *report_settings_take_path(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->path = value;
	return *value ? NULL : "the name of a file";
}

/* What the command line does not give. */
static int settings_take_project(struct report_settings *settings)
{
	const struct project_config *config = &settings->config;
	int status = project_config_read(&settings->config, settings->config_name);

	if (status != -1)
		return status;
	if (config->show && !settings->show_given)
		take_show(settings, config->show);
	if (config->fail_on && !settings->fail_on_given)
		take_fail_on(settings, config->fail_on);
	if ((config->suppressions && !settings->report.suppressions &&
	     take_suppressions(settings, config->suppressions)) ||
	    (config->baseline && !settings->report.baseline && !settings->report.write_baseline &&
	     take_baseline(settings, config->baseline)))
		return STATUS_WRONG_USE;
	return -1;
}

int report_settings_finish(struct report_settings *settings)
{
	int status = settings_take_project(settings);
	char *directory, path[PATH_MAX];
	const char *distrust = NULL;
	bool found;

	if (status != -1)
		return status;
	directory = settings->report.suppressions ? NULL : getcwd(NULL, 0);
	found = directory && suppressions_find(directory, path);
	if (settings->report.merge_junit &&
	    (!settings->report.format || strcmp(settings->report.format, "junit") != 0)) {
		fputs("yieldsan: --merge-junit needs --format=junit\n", stderr);
		free(directory);
		return STATUS_WRONG_USE;
	}
	if (found)
		distrust = suppressions_distrust(path);
	if (distrust)
		fprintf(stderr,
			"yieldsan: the suppressions in %s are not taken: %s; name the file by "
			"--suppressions to take them\n",
			path, distrust);
	else if (found && take_suppressions(settings, path))
		status = STATUS_WRONG_USE;
	free(directory);
	return status;
}

/* In any report format: the report may have no findings, and fails all the same. */
static void tell_unused(const struct suppressions *suppressions)
{
	const char *separator = "";

	fputs("yieldsan: suppressions that match nothing fail here: ", stderr);
	for (size_t i = 0; i < suppressions->count; i++)
		if (!suppressions->rules[i].findings) {
			fprintf(stderr, "%s%s:%u", separator, suppressions->rules[i].path,
				suppressions->rules[i].line);
			separator = ", ";
		}
	fputc('\n', stderr);
}

int report_settings_status(const struct report_settings *settings,
			   const struct report_summary *summary)
{
	if (summary->baseline_unwritten)
		return STATUS_WRONG_USE;
	if (settings->report.fail_on_unused_suppressions && summary->unused_suppressions)
		tell_unused(&settings->suppressions);
	return summary->failed ? settings->exit_code : 0;
}

FILE *report_settings_open(const struct report_settings *settings, FILE *otherwise)
{
	FILE *out = settings->path ? fopen(settings->path, "we") : otherwise;

	if (!out)
		fprintf(stderr, "yieldsan: the report cannot be written to %s: %s\n",
			settings->path, strerror(errno));
	return out;
}

int report_settings_close(const struct report_settings *settings, FILE *out, int error)
{
	if (!error && (fflush(out) || ferror(out)))
		error = errno ? -errno : -EIO;
	if (settings->path && fclose(out) && !error)
		error = -errno;
	if (error)
		fprintf(stderr, "yieldsan: the report could not be written%s%s: %s\n",
			settings->path ? " to " : "", settings->path ? settings->path : "",
			strerror(-error));
	return error;
}
