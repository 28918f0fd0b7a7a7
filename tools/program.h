/* Resolves a command: the file that the kernel executes, and the one that finally runs. */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include <limits.h>
#include <stddef.h>

#include "elf_kind.h"

#define SENTENCE_SIZE (PATH_MAX + 512)

struct program {
	char file[PATH_MAX];	/* the file that the command names */
	char watched[PATH_MAX]; /* the same, or a script's interpreter */
	struct elf_kind kind;	/* kind of `watched` */
	bool by_shell;		/* a script without a `#!` line */
};

/*
 * Looks a command up as a shell does (PATH; `#!`, also through env). Returns 0, or the exit status
 * for why it cannot be run, with the reason in `sentence`.
 */
int program_find(struct program *program, const char *command, char sentence[SENTENCE_SIZE]);

/* For execve of file, or of watched if by_shell. The caller frees it. */
char **program_arguments(const struct program *program, char **command);

/* Whether it can be watched: 0, or STATUS_CANNOT_WATCH with the reason and what to do. */
int program_refusal(const struct program *program, char sentence[SENTENCE_SIZE]);

#endif
