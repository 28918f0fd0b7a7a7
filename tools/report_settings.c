#include "report_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/words.h"

static const char *take_format(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.format = value;
	return report_format_is_known(value) ? NULL : report_format_names();
}

static const char *take_show(void *target, const char *value)
{
	struct report_settings *settings = target;

	return severity_from_word(value, &settings->report.show) ? "error, warning or notice"
								 : NULL;
}

static const char *take_fail_on(void *target, const char *value)
{
	struct report_settings *settings = target;

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

const struct command_option report_settings_options[] = {
	{ "format", 0, "FORMAT", "of the report; text without it", take_format },
	{ "show", 0, "LEVEL", "lowest severity shown: error, warning (default), notice",
	  take_show },
	{ "fail-on", 0, "LEVEL",
	  "lowest severity that fails: error (default), warning, notice, never", take_fail_on },
	{ "exit-code", 0, "N", "status that means `findings': 66 without it", take_exit_code },
};

const size_t report_settings_option_count =
	sizeof report_settings_options / sizeof *report_settings_options;

const char *report_settings_take_path(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->path = value;
	return *value ? NULL : "the name of a file";
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
