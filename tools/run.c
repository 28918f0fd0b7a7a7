#include "command.h"
#include "run_options.h"
#include "watched_run.h"

int command_run(int argc, char **argv)
{
	static const struct run_words words = {
		.command = "run",
		.help = "Runs a program watched, and reports when it has ended. The exit status is "
			"the program's\nown; if that is 0, 66 if a finding reaches --fail-on.\n",
		.question = "which program?",
	};
	static struct run_options options;
	int status = run_options_parse(&options, &words, argc, argv);

	return status == -1 ? watched_run(&options) : status;
}
