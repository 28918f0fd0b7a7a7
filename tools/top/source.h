/* Where the traces of `yieldsan top` come from. */
#ifndef TOOLS_TOP_SOURCE_H
#define TOOLS_TOP_SOURCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SOURCE_SENTENCE_SIZE 1024

/* Directories, traces and numbers of processes; or a command that was started; or neither: all
 * processes of the caller that write a trace. */
struct top_source {
	char **names;
	size_t name_count;
	char **command;		  /* NULL: none */
	char directory[PATH_MAX]; /* of its traces and its output */
	pid_t pid;		  /* of its `yieldsan run`; 0: it has ended */
	int status;		  /* then: of waitpid(2) */
	char **paths;		  /* of traces, after source_find() */
	size_t count, room;
};

/* Starts the command, if there is one, with its output in a file. False with a sentence. */
bool source_start(struct top_source *source, char sentence[SOURCE_SENTENCE_SIZE]);

/* Lists the traces anew. */
void source_find(struct top_source *source);

/* Ends the command that still runs, and waits for it. */
void source_end(struct top_source *source);

#endif
