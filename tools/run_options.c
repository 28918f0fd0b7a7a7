#include "run_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options_text.h"

static const char *run_take_output(void *target, const char *value)
{
	struct run_options *options = target;

	options->output = value;
	return *value ? NULL : "the name of a directory";
}

static const char *take_report(void *target, const char *value)
{
	struct run_options *options = target;

	return report_settings_take_path(&options->report, value);
}

static const char *take_require_executor(void *target, const char *value)
{
	struct run_options *options = target;

	(void)value;
	options->require_executor = true;
	return NULL;
}

static const char *take_export(void *target, const char *value)
{
	struct run_options *options = target;

	options->export = value;
	return !strcmp(value, "otlp") || !strncmp(value, "http://", 7) ||
			       !strncmp(value, "https://", 8)
		       ? NULL
		       : "otlp, with the collector in OTEL_EXPORTER_OTLP_ENDPOINT, or its URL";
}

static const char *take_set(void *target, const char *entry)
{
	struct run_options *options = target;
	struct option_error error = options_set(&options->runtime, entry);

	if (!error.fault) {
		options->given |= UINT64_C(1) << (error.info - option_infos);
		return NULL;
	}
	option_error_print(&error, "--set");
	return OPTION_WRONG_AND_TOLD;
}

/* A few seconds of a busy thread, in 64 KiB of its trace. */
#define TIMELINE_TURNS 2048

static const char *take_timeline(void *target, const char *value)
{
	struct run_options *options = target;

	(void)value;
	options->runtime.timeline = TIMELINE_TURNS;
	return NULL;
}

static const struct command_option lines[] = {
	{ "output", 'o', "DIR", "keep the traces in DIR; -o DIR is the same", run_take_output },
	{ "report", 0, "FILE", "write the report to FILE; to standard error without it",
	  take_report },
	{ "require-executor", 0, NULL, "fail if no process ran a turn (nothing was watched)",
	  take_require_executor },
	{ "timeline", 0, NULL, "keep the times of each thread's last turns in the traces",
	  take_timeline },
	{ "export", 0, "otlp|URL", "send what was found to an OpenTelemetry collector",
	  take_export },
	{ "set", 0, "KEY=VALUE", "an option of the runtime; `yieldsan help options' lists them",
	  take_set },
};

/* The caller's own settings count too. */
static void take_environment(struct run_options *options)
{
	options_parse(&options->runtime, getenv(OPTIONS_VARIABLE));
	/* From an enclosing `yieldsan run': its traces are separate. */
	if (*options->runtime.run)
		*options->runtime.output = '\0';
}

_Static_assert(CONFIG_OPTIONS <= 64, "given");

static bool option_is_given(const struct run_options *options, const char *entry)
{
	size_t length = strcspn(entry, "=");

	for (size_t i = 0; i < option_count; i++)
		if (!strncmp(option_infos[i].name, entry, length) && !option_infos[i].name[length])
			return options->given & UINT64_C(1) << i;
	return false;
}

/* What neither the command line nor the environment sets. */
static void run_take_project(struct run_options *options)
{
	const struct project_config *config = &options->report.config;
	const char *environment = getenv(OPTIONS_VARIABLE);

	for (size_t i = 0; i < config->option_count; i++)
		if (!option_is_given(options, config->options[i]) &&
		    !project_config_is_overridden(config->options[i], environment))
			options_set(&options->runtime, config->options[i]);
}

int run_options_parse(struct run_options *options, const struct run_words *words, int argc,
		      char **argv)
{
	const struct command_line line = {
		.command = words->command,
		.arguments = "[OPTION...] [--] COMMAND [ARG...]",
		.help = words->help,
		.question = words->question,
		.groups = { OPTION_GROUP(lines, options),
			    { words->options, words->option_count, options },
			    REPORT_SETTINGS_GROUP(&options->report) },
		.ends_at_argument = true,
		.has_formats = true,
	};
	int status;

	memset(options, 0, sizeof *options);
	options->report = (struct report_settings)REPORT_SETTINGS_DEFAULT;
	options->require_executor = words->require_executor;
	options->preloads = true;
	take_environment(options);
	status = command_line_parse(&line, argc, argv);
	options->command = argv + optind;
	if (status == -1 && !options_environment_is_right())
		status = STATUS_WRONG_USE;
	if (status == -1)
		status = report_settings_finish(&options->report);
	if (status == -1)
		run_take_project(options);
	if (!options->runtime.timeline && report_format_draws_turns(options->report.report.format))
		options->runtime.timeline = TIMELINE_TURNS;
	return status;
}
