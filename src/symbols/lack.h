/* What keeps a binary's frames from having names or lines, and how to get what it lacks. */
#ifndef DEBUG_INFO_LACK_H
#define DEBUG_INFO_LACK_H

#include <stdbool.h>

#include "binary.h"
#include "elf_file.h"
#include "support/strings.h"

/* Whether sections of debug information are there, packed in a way that libelf cannot read. */
bool lack_is_unreadable(const struct elf_file *file);

/* Clauses to stand behind a path, kept strings. For a file that lack_is_unreadable(), the object at
 * that path or its debug file: */
const char *lack_unreadable_clause(struct strings *strings, const struct elf_file *file,
				   const char *path);

/* Of one without debug information, or without symbols either. `root`: where debug files lie. */
const char *lack_clause(struct strings *strings, const struct binary_key *key, const char *root,
			bool stripped);

#endif
