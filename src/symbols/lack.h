/* Why a binary's frames lack names or lines, and how to get them. */
#ifndef DEBUG_INFO_LACK_H
#define DEBUG_INFO_LACK_H

#include <stdbool.h>

#include "binary.h"
#include "elf_file.h"
#include "support/strings.h"

/* Whether it has debug sections compressed in a way that libelf cannot read. */
bool lack_is_unreadable(const struct elf_file *file);

/* Clauses that follow a path, kept strings. For a file that lack_is_unreadable(), the object at
 * that path or its debug file: */
const char *lack_unreadable_clause(struct strings *strings, const struct elf_file *file,
				   const char *path);

/* For one without debug information, or without symbols too. `root`: where debug files lie. */
const char *lack_clause(struct strings *strings, const struct binary_key *key, const char *root,
			bool stripped);

#endif
