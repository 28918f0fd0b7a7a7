/*
 * The sub-commands of `yieldsan`: one line each in commands[] (main.c), one file each. argv[0] is
 * the command's own name. They return the exit status: see STATUS_*.
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#define STATUS_WRONG_USE    2
#define STATUS_FINDINGS	    66
#define STATUS_CANNOT_WATCH 126 /* as in a shell: found, but cannot be run (watched) */
#define STATUS_NOT_FOUND    127
#define STATUS_SIGNAL	    128 /* plus the signal's number */

struct command {
	const char *name;
	const char *arguments;
	const char *help; /* NULL: not listed */
	int (*run)(int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;

/* NULL, with a message, if there is no command of this name. */
const struct command *command_find(const char *name);

/* As `export --otlp=URL`; NULL: from the environment. The summary goes to `out`. */
int export_to(const char *url, char **names, size_t count, FILE *out);

/* The command under the name cargo-yieldsan. */
int command_cargo(int argc, char **argv);

int command_check(int argc, char **argv);
int command_ci(int argc, char **argv);
int command_exec_watched(int argc, char **argv);
int command_clean(int argc, char **argv);
int command_completion(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_export(int argc, char **argv);
int command_help(int argc, char **argv);
int command_report(int argc, char **argv);
int command_run(int argc, char **argv);
int command_scan(int argc, char **argv);
int command_top(int argc, char **argv);

#endif
