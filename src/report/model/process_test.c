#include "process_test.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/session.h"
#include "process.h"
#include "report/frames/source_text.h"

#define LEVELS	   4   /* directories above the executable */
#define MOST_FILES 256 /* CTestTestfile.cmake files of one project */
#define MOST_WORDS 64

/* A command line, as a build directory lists it. */
struct command {
	const char *words[MOST_WORDS];
	size_t count;
};

static bool is_command_of(const struct process *process, const struct command *command)
{
	if (!command->count || command->count != process->argument_count)
		return false;
	if (strcmp(command->words[0], process->arguments[0]) != 0 &&
	    (!process->executable || strcmp(command->words[0], process->executable) != 0))
		return false;
	for (size_t i = 1; i < command->count; i++)
		if (strcmp(command->words[i], process->arguments[i]) != 0)
			return false;
	return true;
}

/* The whole file; NULL if there is none. */
static const char *process_read_file(struct session *session, const char *directory,
				     const char *name, size_t *size)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return NULL;
	return source_text(session, strings_keep_raw(&session->strings, path, strlen(path)), size);
}

/* meson-info/intro-tests.json: [{"name": .., "cmd": [..]}, ..] */
static const char *meson_test(struct session *session, const struct process *process,
			      const char *directory)
{
	size_t size, i;
	const char *text =
		process_read_file(session, directory, "meson-info/intro-tests.json", &size);
	json_t *tests = text ? json_loadb(text, size, 0, NULL) : NULL, *test;
	const char *found = NULL;

	json_array_foreach (tests, i, test) {
		const json_t *words = json_object_get(test, "cmd");
		const char *name = json_string_value(json_object_get(test, "name"));
		struct command command = { 0 };

		while (command.count < json_array_size(words) && command.count < MOST_WORDS) {
			const char *word = json_string_value(json_array_get(words, command.count));

			command.words[command.count++] = word ? word : "";
		}
		if (name && is_command_of(process, &command)) {
			found = strings_keep(&session->strings, name);
			break;
		}
	}
	json_decref(tests);
	return found;
}

/* One argument of a CMake command: quoted, in [=[..]=], or plain. NULL at the end of them. */
static const char *cmake_word(struct session *session, const char **at, const char *end)
{
	const char *from = *at, *to;
	char *word, *put;

	while (from < end && strchr(" \t\r\n", *from))
		from++;
	if (from == end || *from == ')')
		return NULL;
	if (end - from > 3 && !strncmp(from, "[=[", 3)) {
		from += 3;
		to = memmem(from, (size_t)(end - from), "]=]", 3);
		*at = to ? to + 3 : end;
		return strings_keep_part(&session->strings, from, (size_t)((to ? to : end) - from));
	}
	word = put = memory_get((size_t)(end - from) + 1);
	if (*from == '"') {
		for (from++; from < end && *from != '"'; from++) {
			if (*from == '\\' && from + 1 < end)
				from++;
			*put++ = *from;
		}
		*at = from < end ? from + 1 : end;
	} else {
		while (from < end && !strchr(" \t\r\n)", *from))
			*put++ = *from++;
		*at = from;
	}
	*put = '\0';
	to = strings_keep(&session->strings, word);
	free(word);
	return to;
}

static const char *ctest_test(struct session *session, const struct process *process,
			      const char *directory, unsigned *files);

/* One line: add_test(name command..), or subdirs(directory). */
static const char *ctest_line(struct session *session, const struct process *process,
			      const char *directory, const char *line, size_t length,
			      unsigned *files)
{
	static const char test[] = "add_test(", below[] = "subdirs(";
	const char *end = line + length, *name, *word;
	struct command command = { 0 };
	char path[PATH_MAX];

	if (length > strlen(test) && !strncmp(line, test, strlen(test))) {
		line += strlen(test);
		name = cmake_word(session, &line, end);
		while (command.count < MOST_WORDS && (word = cmake_word(session, &line, end)))
			command.words[command.count++] = word;
		return name && is_command_of(process, &command) ? name : NULL;
	}
	if (length <= strlen(below) || strncmp(line, below, strlen(below)) != 0)
		return NULL;
	line += strlen(below);
	name = cmake_word(session, &line, end);
	if (!name || snprintf(path, sizeof path, *name == '/' ? "%.0s%s" : "%s/%s", directory,
			      name) >= (int)sizeof path)
		return NULL;
	return ctest_test(session, process, path, files);
}

static const char *ctest_test(struct session *session, const struct process *process,
			      const char *directory, unsigned *files)
{
	size_t size;
	const char *text, *found = NULL;

	if (++*files > MOST_FILES)
		return NULL;
	text = process_read_file(session, directory, "CTestTestfile.cmake", &size);
	for (const char *end = text ? text + size : NULL; text && text < end && !found;) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		next = next ? next : end;
		found = ctest_line(session, process, directory, text, (size_t)(next - text), files);
		text = next + 1;
	}
	return found;
}

static const char *listed_in(struct session *session, const struct process *process,
			     const char *directory)
{
	unsigned files = 0;
	const char *name = ctest_test(session, process, directory, &files);

	return name ? name : meson_test(session, process, directory);
}

static const char *by_build_directory(struct session *session, const struct process *process)
{
	char directory[PATH_MAX];
	const char *name =
		getcwd(directory, sizeof directory) ? listed_in(session, process, directory) : NULL;

	if (!process->executable || strlen(process->executable) >= sizeof directory)
		return name;
	strcpy(directory, process->executable);
	for (unsigned level = 0; level < LEVELS && !name; level++) {
		char *slash = strrchr(directory, '/');

		if (!slash || slash == directory)
			break;
		*slash = '\0';
		name = listed_in(session, process, directory);
	}
	return name;
}

/* `--exact NAME', as cargo-nextest starts each test. */
static const char *exact_test(const struct process *process)
{
	const char *plain = NULL;
	bool exact = false;

	for (size_t i = 1; i < process->argument_count; i++) {
		const char *word = process->arguments[i];

		exact |= !strcmp(word, "--exact");
		if (*word != '-') {
			if (plain)
				return NULL;
			plain = word;
		}
	}
	return exact ? plain : NULL;
}

static const char *filtered_test(const struct process *process)
{
	static const char option[] = "--gtest_filter=";

	for (size_t i = 1; i < process->argument_count; i++)
		if (!strncmp(process->arguments[i], option, strlen(option))) {
			const char *name = process->arguments[i] + strlen(option);

			return *name && !strpbrk(name, "*?:-") ? name : NULL;
		}
	return NULL;
}

const char *process_test(struct session *session, const struct process *process)
{
	const char *name = exact_test(process);

	if (!process->argument_count)
		return NULL;
	if (!name)
		name = filtered_test(process);
	return name ? name : by_build_directory(session, process);
}
