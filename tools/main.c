#include "command.h"

#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "report/model/version.h"
#include "shared/text.h"
#include "support/strings.h"

const struct command commands[] = {
	{ "run", "[OPTION...] [--] COMMAND [ARG...]", "run a program watched, then report",
	  command_run },
	{ "ci", "[OPTION...] [--] COMMAND [ARG...]",
	  "run a project's tests watched: one report, one exit status", command_ci },
	{ "report", "[OPTION...] TRACE-OR-DIRECTORY-OR-PID...",
	  "report on traces: of ended, killed or still running programs", command_report },
	{ "explain", "[OPTION...] PID-OR-CORE-OR-TRACE",
	  "why a process makes no progress: what is blocked, and what can unblock it",
	  command_explain },
	{ "top", "[OPTION...] [PID|DIRECTORY|TRACE... | -- COMMAND]",
	  "a live view of what watched processes do, and of what is found", command_top },
	{ "scan", "[OPTION...] ELF-FILE...",
	  "what a Rust or C++20 program holds across its awaits, without running it",
	  command_scan },
	{ "check", "[OPTION] [--] [COMMAND]",
	  "does watching work here? can this program be watched, and how well?", command_check },
	{ "export", "[OPTION...] DIRECTORY|PID|TRACE...",
	  "send findings and turn lengths to an OpenTelemetry collector", command_export },
	{ "clean", "[OPTION...] [DIRECTORY]", "remove traces of processes that have ended",
	  command_clean },
	{ "completion", "bash|zsh|fish", "completion of this command line, for a shell to read",
	  command_completion },
	{ "help", "[COMMAND|executors|options]", "a command's options, or those of the runtime",
	  command_help },
	/* Cargo's runner under `ci`: not listed. */
	{ "exec-watched", NULL, NULL, command_exec_watched },
};

const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
	struct nearest nearest;

	nearest_init(&nearest, name, strlen(name));
	for (size_t i = 0; i < command_count; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
		if (commands[i].help)
			nearest_offer(&nearest, commands[i].name);
	}
	if (nearest.name)
		fprintf(stderr, "yieldsan: there is no command `%s'; did you mean `%s'?\n", name,
			nearest.name);
	else
		fprintf(stderr, "yieldsan: there is no command `%s'; `yieldsan help' lists them\n",
			name);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *name = argc > 1 ? argv[1] : "";

	/* Line-buffered, so that each line is one write: processes of the program may still write
	 * to the same place. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	if (argc && !strcmp(path_name(argv[0]), "cargo-yieldsan"))
		return command_cargo(argc, argv);
	if (argc < 2) {
		fprintf(stderr, "yieldsan: which command? `yieldsan help' lists them\n");
		return STATUS_WRONG_USE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version")) {
		printf("yieldsan %s\n", YIELDSAN_VERSION);
		return 0;
	}
	command = command_find(name);
	return command ? command->run(argc - 1, argv + 1) : STATUS_WRONG_USE;
}
