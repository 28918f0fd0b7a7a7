/* A sub-command's options: tables of lines, from which reading them and their help follow. */
#ifndef TOOLS_COMMAND_LINE_H
#define TOOLS_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* What a take() returns when it has told by itself what is wrong. */
#define OPTION_WRONG_AND_TOLD ""

struct command_option {
	const char *name;
	char letter;	   /* 0: has none */
	const char *value; /* what stands for it in the help; NULL: takes none */
	const char *help;
	/* Returns NULL, or what the value must be; the value lives as long as argv does. */
	const char *(*take)(void *target, const char *value);
};

/* Lines that share a target: what commands have in common is one table. */
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
	const char *arguments; /* behind the options, for the help */
	const char *help;      /* whole lines */
	const char *question;  /* for who gives no argument; NULL: none is needed */
	struct option_group groups[OPTION_GROUPS];
	/* What stands behind the first argument is not ours: a program and its options. */
	bool ends_at_argument;
	bool has_formats; /* which the help then lists */
};

/*
 * Returns -1 to go on, with optind at the first argument, or the exit status after --help or a
 * wrong command line, which was told.
 */
int command_line_parse(const struct command_line *line, int argc, char **argv);

#endif
