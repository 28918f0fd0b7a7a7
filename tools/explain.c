#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "report/explain/explain.h"
#include "screen.h"

static const char *explain_take_format(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.format = value;
	return explain_format_is_known(value) ? NULL : "text or json";
}

static const char *take_sysroot(void *target, const char *value)
{
	struct report_settings *settings = target;

	settings->report.sysroot = value;
	return *value ? NULL : "the directory in which the files of a core's process lie";
}

static const char *take_stop(void *target, const char *value)
{
	struct report_settings *settings = target;

	(void)value;
	settings->report.stop = true;
	return NULL;
}

static const struct command_option options[] = {
	{ "stop", 0, NULL, "stop the process for the moment in which its tasks are read",
	  take_stop },
	{ "sysroot", 0, "DIR", "for a core: the files of its process lie below DIR", take_sysroot },
	{ "format", 0, "FORMAT", "text (the default) or json", explain_take_format },
	{ "strip-prefix", 0, "DIR", "remove DIR from the start of source paths",
	  report_settings_take_strip_prefix },
	{ "source-root", 0, "DIR", "show relative source paths below DIR",
	  report_settings_take_source_root },
	{ "no-pager", 0, NULL, "text: never through $PAGER on a terminal",
	  report_settings_take_no_pager },
};

int command_explain(int argc, char **argv)
{
	static struct report_settings wanted = REPORT_SETTINGS_DEFAULT;
	const struct command_line line = {
		.command = "explain",
		.arguments = "[OPTION...] PID-OR-CORE-OR-TRACE",
		.help = "Explains why a process makes no progress: which threads of its executors "
			"are blocked, where,\nsince when, and who can end that. Of a process that "
			"was not started under YieldSan, or of a\ncore, it shows Tokio's threads "
			"and tasks, and asyncio's tasks. The process is not stopped\nunless --stop "
			"asks for it. The first "
			"line is the verdict. The exit status is 0, 66 when a thread is blocked "
			"or tasks are\nin a deadlock, or 2.\n",
		.question = "which process?",
		.groups = { OPTION_GROUP(options, &wanted) },
	};
	char sentence[EXPLAIN_SENTENCE_SIZE];
	int status = command_line_parse(&line, argc, argv);
	struct screen screen;
	bool blocked;
	int error;

	if (status >= 0)
		return status;
	if (argc - optind > 1) {
		fprintf(stderr, "yieldsan: explain: one process, core or trace at a time\n");
		return STATUS_WRONG_USE;
	}
	wanted.report.tasks = true;
	error = explain(&wanted.report, argv[optind], screen_begin(&screen, &wanted, stdout),
			&blocked, sentence);
	screen_end(&screen);
	if (error) {
		fprintf(stderr, "yieldsan: %s\n", sentence);
		return STATUS_WRONG_USE;
	}
	return blocked ? STATUS_FINDINGS : 0;
}
