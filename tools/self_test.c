#include "self_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carried.h"
#include "launch.h"
#include "options_text.h"
#include "preload.h"
#include "reader.h"
#include "program.h"
#include "inspect/trace_file.h"
#include "inspect/trace_directory.h"

#define CALL_NAME "nanosleep" /* of tools/carried/self_test_program.c */

static bool has_violation(const struct trace_file *trace)
{
	for (size_t i = 0; i < trace->records[RECORD_SITE].count; i++) {
		const struct trace_site *site = trace_file_record(
			trace, trace->records[RECORD_SITE].offsets[i], RECORD_SITE);
		const struct trace_call *call =
			site ? trace_file_record(trace, site->call, RECORD_CALL) : NULL;

		if (call && site->counts[SEVERITY_ERROR] &&
		    !strncmp(call->name, CALL_NAME, sizeof call->name))
			return true;
	}
	return false;
}

static bool was_seen(const struct trace_directory *directory)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;
	bool seen = false;

	for (size_t i = 0; i < directory->count && !seen; i++) {
		if (trace_file_read(&trace, directory->traces[i], sentence))
			continue;
		seen = has_violation(&trace);
		trace_file_close(&trace);
	}
	return seen;
}

static const char *self_test_fault(const struct trace_directory *directory, int error, int status)
{
	if (error)
		return strerror(-error);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return "a program ended badly with the library in it";
	if (!directory->count)
		return "the library was not loaded, or could write no trace: is preloading "
		       "forbidden here?";
	return was_seen(directory) ? NULL : "a sleep inside a turn went unseen";
}

bool self_test(void)
{
	char library[PATH_MAX], text[OPTIONS_TEXT_SIZE], program[PATH_MAX];
	char *argv[] = { (char *)"yieldsan-self-test", NULL };
	struct trace_directory directory;
	int fd, error = 0, status = 0;
	struct options options;
	struct elf_kind kind;
	const char *why;
	struct reader reader = READER_NONE;
	pid_t pid;

	if (!preload_find(library) || !trace_directory_open(&directory, ""))
		return false;
	fd = carried_program_open(program, directory.path);
	if (fd < 0)
		error = fd;
	if (!error)
		error = elf_kind_read(&kind, program);
	options_init(&options);
	options.summary = false;
	strcpy(options.output, directory.path);
	strcpy(options.run, directory.run);
	options_write(&options, text);
	preload_set(library, &kind, text);
	if (!error)
		error = launch(program, argv, &reader, &pid, &status);
	preload_unset();
	if (fd >= 0)
		close(fd);
	if (!error)
		trace_directory_collect(&directory, pid, status);
	why = self_test_fault(&directory, error, status);
	if (why)
		fprintf(stderr, "yieldsan: watching does NOT work here: %s (%s)\n", why, library);
	else
		printf("%-14s work: a sleep inside a turn was seen by %s\n", "hooks", library);
	trace_directory_remove(&directory);
	trace_directory_close(&directory);
	return !why;
}
