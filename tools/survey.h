/* What is known of a program before it runs, from its file and the libraries loaded with it. */
#ifndef TOOLS_SURVEY_H
#define TOOLS_SURVEY_H

#include <stdbool.h>

#include "program.h"
#include "task_tables.h"

struct survey {
	struct elf_kind kind; /* of the program, with its sections */
	struct task_tables tables;
	unsigned engines; /* 1u << enum elf_engine */
	bool unknown_python;
	bool library_missing;
};

/* Calls `missing` for each library that is not found. */
void survey_program(struct survey *survey, const struct program *program,
		    void (*missing)(const char *library));

static inline bool survey_has(const struct survey *survey, enum elf_engine engine)
{
	return survey->engines & 1u << engine;
}

/* Whether its frames need no debug information: Python and JavaScript frames have
 * their own lines. */
const char *survey_interpreter(const struct survey *survey);

/* Why its probable event loops are not detected, and what helps. False: no reason is known. */
bool survey_obstacle(const struct survey *survey, char sentence[SENTENCE_SIZE]);

/* The names of its event-loop libraries and interpreters, separated by commas;
 * empty: none known. */
void survey_loops(const struct survey *survey, char names[SENTENCE_SIZE]);

#endif
