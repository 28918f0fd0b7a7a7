/* What a command stands for: the file that the kernel executes, and the one that ends up running.
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include <limits.h>
#include <stddef.h>

#include "elf_kind.h"

#define SENTENCE_SIZE (PATH_MAX + 512)

struct program {
	char file[PATH_MAX];	/* what the command names */
	char watched[PATH_MAX]; /* the same, or the interpreter of a script */
	struct elf_kind kind;	/* of watched */
	bool by_shell;		/* a script that does not say by what it is run */
};

/*
 * Looks a command up as a shell does (PATH; `#!`, also by way of env). Returns 0, or the exit
 * status that tells why it cannot be run, with the reason in `sentence`.
 */
int program_find(struct program *program, const char *command, char sentence[SENTENCE_SIZE]);

/* For execve of file, or of watched when by_shell. To be freed. */
char **program_arguments(const struct program *program, char **command);

/* Whether it can be watched: 0, or STATUS_CANNOT_WATCH with the reason and what to do. */
int program_refusal(const struct program *program, char sentence[SENTENCE_SIZE]);

#endif
