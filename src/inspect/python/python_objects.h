/*
 * Objects of a CPython, read from outside. Everything that is read may be changing or damaged:
 * a function that cannot read returns 0, NULL or false, and no loop is longer than its limit.
 */
#ifndef INSPECT_PYTHON_OBJECTS_H
#define INSPECT_PYTHON_OBJECTS_H

#include "inspect/stuck_memory.h"
#include "python_layout.h"
#include "support/strings.h"

struct python_reader {
	const struct python_source *source;
	const struct python_layout *layout;
	struct strings *strings;
	struct stuck_memory memory; /* each page is read once */
};

void python_reader_init(struct python_reader *reader, const struct python_source *source,
			const struct python_layout *layout, struct strings *strings);
void python_reader_deinit(struct python_reader *reader);

/* Forgets all pages: what is read from now on is of a later moment. */
void python_reader_renew(struct python_reader *reader);

uint64_t python_word(const struct python_reader *reader, uint64_t address);
uint64_t python_type_of(const struct python_reader *reader, uint64_t object);

/* The text of a str object, kept; NULL. */
const char *python_text(const struct python_reader *reader, uint64_t object);

/* A type's name as it was defined, kept: "coroutine", "_asyncio.Future"; "" if unreadable. */
const char *python_type_name(const struct python_reader *reader, uint64_t object);
bool python_is(const struct python_reader *reader, uint64_t object, const char *type);

/* The line at an instruction of a code object; 0: none. */
int python_code_line(const struct python_reader *reader, uint64_t code, uint64_t instruction);

/* Whether the code uses a name that contains `part`, as a global or an attribute. */
bool python_code_uses(const struct python_reader *reader, uint64_t code, const char *part);

/* Whether it lives: the collector's list has it, in both directions, and it has references. */
bool python_is_alive(const struct python_reader *reader, uint64_t object);

/* Calls `visit` for each object that an object refers to, at most 4,096; an over-estimate. */
typedef void python_visit(void *argument, uint64_t object);
void python_references(const struct python_reader *reader, uint64_t object, python_visit *visit,
		       void *argument);

#endif
