/*
 * What one run of the command knows of the files and processes that it looks at: texts, symbols,
 * layouts, the frames of known stacks. A report is made in a session, and so is all that needs no
 * report. What it hands out lives as long as the session.
 */
#ifndef INSPECT_SESSION_H
#define INSPECT_SESSION_H

#include "support/memory.h"
#include "support/strings.h"
#include "symbols/symbols.h"

/* Texts may be NULL. */
struct session_options {
	const char *debug_root; /* where separate debug files lie; /usr/lib/debug */
	bool in_haste;		/* nothing of libc but names: its lines take longer than all else */
	const char *strip_prefix, *source_root; /* paths as shown: see source_path.h */
};

/* A loaded object of which the file does not serve, or not for all: "Frames of PATH have no LACKS:
 * it PROBLEM." */
struct missing_module {
	struct missing_module *next;
	const char *path, *lacks, *problem;
};

#define LACKS_NAMES "names"
#define LACKS_LINES "lines"

struct session {
	struct session_options options;
	struct obstack memory; /* of what is handed out */
	struct strings strings;
	struct symbols symbols;
	struct missing_module *missing;
	struct missing_module *blind; /* no layout of its futures: why, in problem */
	struct known_layout *layouts;
	struct known_stack *known_stacks, *known_scripts[2]; /* see stack.c; [1]: of Python */
	struct source_text *source_texts;
	struct ownership *ownerships;
	const char *directory, *top; /* the present one and the repository's, once asked for */
};

/* The options are copied, their texts are not. NULL: none. */
void session_init(struct session *session, const struct session_options *options);

/* Behind stacks_deinit, where stacks were asked for. */
void session_deinit(struct session *session);

#endif
