#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded_libraries.h"

#define BUN_VARIABLE "BUN_FEATURE_FLAG_DISABLE_EPOLL_PWAIT2"

/* Minor versions of CPython whose structures are known: src/shared/python_layout.c. */
#define PYTHON_FIRST 8
#define PYTHON_LAST  14

/* From "libpython3.13.so.1.0" or "python3.13"; -1: unknown. */
static int python_minor(const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash = real ? strrchr(real, '/') : NULL;
	const char *version = slash ? strstr(slash, "python3.") : NULL;
	int minor = version ? atoi(version + strlen("python3.")) : -1;

	free(real);
	return minor;
}

static void survey_take(struct survey *survey, const struct elf_kind *kind, const char *path)
{
	unsigned had = survey->engines;
	int minor;

	survey->engines |= kind->engines;
	/* libev exports libevent's functions too. */
	if (strstr(path, "/libev.so.") && !(had & 1u << ENGINE_libevent))
		survey->engines &= ~(1u << ENGINE_libevent);
	/* A program that needs the interpreter's library does not contain it. */
	if (!kind->has_python || kind->writes_tracebacks)
		return;
	minor = python_minor(path);
	survey->unknown_python = minor >= 0 && (minor < PYTHON_FIRST || minor > PYTHON_LAST);
}

struct visit {
	struct survey *survey;
	void (*missing)(const char *library);
};

static void take_library(const char *path, const char *name, void *data)
{
	struct visit *visit = data;
	struct survey *survey = visit->survey;
	struct task_tables tables;
	struct elf_kind kind;

	if (!path) {
		survey->library_missing = true;
		if (visit->missing)
			visit->missing(name);
		return;
	}
	if (!elf_kind_read_all(&kind, path))
		survey_take(survey, &kind, path);
	if (!task_tables_read(&tables, path)) {
		survey->tables.by_shape += tables.by_shape;
		survey->tables.by_symbol += tables.by_symbol;
		survey->tables.named |= tables.named;
		survey->tables.async_task |= tables.async_task;
		survey->tables.block_on |= tables.block_on;
	}
}

void survey_program(struct survey *survey, const struct program *program,
		    void (*missing)(const char *library))
{
	struct visit visit = { survey, missing };

	memset(survey, 0, sizeof *survey);
	task_tables_read(&survey->tables, program->watched);
	if (elf_kind_read_all(&survey->kind, program->watched))
		survey->kind = program->kind; /* it has been removed since */
	survey_take(survey, &survey->kind, program->watched);
	if (*program->kind.interpreter)
		loaded_libraries(program->watched, take_library, &visit);
	/* Deno exports what Node.js modules link against, but does not use libuv's loop. */
	if (!survey_has(survey, ENGINE_libuv))
		survey->engines &= ~(1u << ENGINE_node | 1u << ENGINE_v8);
	/* Bun does too, with libuv's functions. */
	if (survey_has(survey, ENGINE_bun))
		survey->engines &= ~(1u << ENGINE_node | 1u << ENGINE_v8 | 1u << ENGINE_libuv);
}

const char *survey_interpreter(const struct survey *survey)
{
	if (survey_has(survey, ENGINE_cpython))
		return "Python";
	if (survey_has(survey, ENGINE_node) || survey_has(survey, ENGINE_v8))
		return "JavaScript";
	return NULL;
}

static bool bun_waits_in_libc(void)
{
	const char *value = getenv(BUN_VARIABLE);

	return value && (!strcmp(value, "1") || !strcmp(value, "true"));
}

bool survey_obstacle(const struct survey *survey, char sentence[SENTENCE_SIZE])
{
	const char *reason = NULL;

	if (survey_has(survey, ENGINE_go))
		reason = "Go's scheduler waits by system calls of its own, which do not pass libc: "
			 "only C code within the program can be watched";
	else if (survey_has(survey, ENGINE_bun) && !bun_waits_in_libc())
		reason = "Bun waits by a system call of its own, which does not pass libc: "
			 "set " BUN_VARIABLE "=1 in its environment, then its loop is watched";
	else if (survey->unknown_python)
		reason = "the structures of this version of CPython are not known, and it is "
			 "stripped: take one that has its symbols, or CPython 3.8 to 3.14";
	if (reason)
		snprintf(sentence, SENTENCE_SIZE, "%s", reason);
	return reason;
}

void survey_loops(const struct survey *survey, char names[SENTENCE_SIZE])
{
	size_t used = 0;

	names[0] = '\0';
	for (unsigned i = 0; i < ELF_ENGINES; i++) {
		if (!survey_has(survey, i) || i == ENGINE_go || i == ENGINE_beam)
			continue;
		used += (size_t)snprintf(names + used, SENTENCE_SIZE - used, "%s%s",
					 used ? ", " : "", elf_engine_names[i]);
	}
}
