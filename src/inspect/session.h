/*
 * What one run of the command knows of the files and processes that it examines: texts, symbols,
 * layouts, frames of known stacks. Reports are made in a session, and so is everything that needs
 * no report. All that it returns lives as long as the session.
 */
#ifndef INSPECT_SESSION_H
#define INSPECT_SESSION_H

#include "support/memory.h"
#include "support/strings.h"
#include "symbols/symbols.h"

/* Texts may be NULL. */
struct session_options {
	const char *debug_root; /* root of separate debug files; NULL: /usr/lib/debug */
	bool no_source;		/* stacks are shown without lines of the source */
	bool cached_layouts;	/* layouts that are not in the cache are not read */
	bool in_haste;		/* only names from libc: its line numbers take longest to read */
	const char *strip_prefix, *source_root; /* path options for display: see source_path.h */
};

/* A loaded object whose file is unusable, fully or in part: "Frames of PATH have no LACKS: it
 * PROBLEM." */
struct missing_module {
	struct missing_module *next;
	const char *path, *lacks, *problem;
};

#define LACKS_NAMES "names"
#define LACKS_LINES "lines"

struct session {
	struct session_options options;
	struct obstack memory; /* for returned objects */
	struct strings strings;
	struct symbols symbols;
	struct missing_module *missing;
	struct missing_module *without_layout; /* modules without a layout of their futures: problem
						  holds the reason */
	struct known_layout *layouts;
	struct known_stack *known_stacks, *known_scripts[2]; /* see stack.c; [1]: Python's */
	struct source_text *source_texts;
	struct installed *installed; /* see installed.c */
	struct ownership *ownerships;
	bool from_top; /* paths are shown from the repository's top: see shown_path() */
	const char *directory,
		*top; /* the current directory and the repository's top, once needed */
};

/* Copies the options, but not their texts. NULL: none. */
void session_init(struct session *session, const struct session_options *options);

/* Call after stacks_deinit, if stacks were used. */
void session_deinit(struct session *session);

#endif
