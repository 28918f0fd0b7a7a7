/* Options of sub-commands: tables from which both the parser and the help are made. */
#ifndef TOOLS_COMMAND_LINE_H
#define TOOLS_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Returned by take() if it has printed the error itself. */
#define OPTION_WRONG_AND_TOLD ""

struct command_option {
	const char *name;
	char letter;	   /* 0: has none */
	const char *value; /* placeholder in the help; NULL: takes no value; "[URL]": may have
			      one, take() gets "" without it */
	const char *help;
	/* Returns NULL, or what the value must be; the value lives as long as argv. */
	const char *(*take)(void *target, const char *value);
};

/* Options with the same target: those that commands share form one table. */
struct option_group {
	const struct command_option *options;
	size_t count;
	void *target; /* of its take() */
};

#define OPTION_GROUP(table, target)                                                                \
	{                                                                                          \
		table, sizeof(table) / sizeof *(table), target                                     \
	}
#define OPTION_GROUPS 4

struct command_line {
	const char *command;   /* its name */
	const char *arguments; /* after the options, for the help */
	const char *help;      /* whole lines */
	const char *question;  /* printed if there is no argument; NULL: none is needed */
	struct option_group groups[OPTION_GROUPS];
	/* What follows the first argument is not ours: a program and its options. */
	bool ends_at_argument;
	bool has_formats; /* which the help then lists */
};

/*
 * Returns -1 to continue, with optind at the first argument, or the exit status after --help or a
 * wrong command line, with the error already printed.
 */
int command_line_parse(const struct command_line *line, int argc, char **argv);

/*
 * While this is set, command_line_parse() does not parse: it passes the command's tables on and
 * returns 0, and so the command does nothing else.
 */
extern void (*command_line_visit)(const struct command_line *line);

/* The n-th option of all groups, --help the last, with its group's target; NULL after it. */
const struct command_option *command_line_option(const struct command_line *line, size_t n,
						 void **target);

#endif
