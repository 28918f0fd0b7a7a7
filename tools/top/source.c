#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/process_alive.h"
#include "inspect/trace_directory.h"
#include "support/memory.h"
#include "../own_path.h"

#define OUTPUT "output.log"
#define REPORT "report.txt"

static void source_add_path(struct top_source *source, const char *path)
{
	for (size_t i = 0; i < source->count; i++)
		if (!strcmp(source->paths[i], path))
			return;
	source->paths =
		memory_grow(source->paths, source->count, &source->room, sizeof *source->paths);
	source->paths[source->count++] = memory_text(path);
}

static void add_directory(struct top_source *source, const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	char path[PATH_MAX];

	for (int i = 0; i < count; i++) {
		if (trace_is_named(entries[i]->d_name) &&
		    (size_t)snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name) <
			    sizeof path)
			source_add_path(source, path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Only the caller's: others' may not be read. */
static void add_all(struct top_source *source)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char path[PATH_MAX];

	while (processes && (entry = readdir(processes)))
		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
		    process_trace_of(entry->d_name, path))
			source_add_path(source, path);
	if (processes)
		closedir(processes);
}

static void add_name(struct top_source *source, const char *name)
{
	struct stat status;
	char path[PATH_MAX];

	if (!stat(name, &status) && S_ISDIR(status.st_mode))
		add_directory(source, name);
	else if (!access(name, F_OK))
		source_add_path(source, name);
	else if (process_trace_of(name, path))
		source_add_path(source, path);
}

void source_find(struct top_source *source)
{
	/* Traces of processes that have ended meanwhile stay in the view, as in a directory. */
	for (size_t i = 0; i < source->name_count; i++)
		add_name(source, source->names[i]);
	if (source->command)
		add_directory(source, source->directory);
	else if (!source->name_count)
		add_all(source);
	if (source->pid && waitpid(source->pid, &source->status, WNOHANG) == source->pid)
		source->pid = 0;
}

static int run_command(const struct top_source *source, const char *own)
{
	size_t count = 0;
	char report[PATH_MAX + 32], output[PATH_MAX + 16], **arguments;
	int fd;

	snprintf(report, sizeof report, "--report=%s/" REPORT, source->directory);
	snprintf(output, sizeof output, "%s/" OUTPUT, source->directory);
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return errno;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		dup2(fd, STDIN_FILENO);
	while (source->command[count])
		count++;
	arguments = memory_get((count + 8) * sizeof *arguments);
	arguments[0] = (char *)"yieldsan";
	arguments[1] = (char *)"run";
	arguments[2] = (char *)"-o";
	arguments[3] = (char *)source->directory;
	arguments[4] = report;
	arguments[5] = (char *)"--";
	memcpy(arguments + 6, source->command, (count + 1) * sizeof *arguments);
	/* Not the keys that are meant for us. */
	setpgid(0, 0);
	execv(own, arguments);
	return errno;
}

bool source_start(struct top_source *source, char sentence[SOURCE_SENTENCE_SIZE])
{
	struct trace_directory directory;
	char own[PATH_MAX];

	if (!source->command)
		return true;
	if (!trace_directory_open(&directory, "")) { /* printed */
		*sentence = '\0';
		return false;
	}
	strcpy(source->directory, directory.path);
	trace_directory_close(&directory);
	if (!own_path(own)) {
		snprintf(sentence, SOURCE_SENTENCE_SIZE, "the command's own file is not found");
		return false;
	}
	source->pid = fork();
	if (!source->pid) {
		fprintf(stderr, "yieldsan: %s\n", strerror(run_command(source, own)));
		_exit(127);
	}
	if (source->pid > 0)
		return true;
	snprintf(sentence, SOURCE_SENTENCE_SIZE, "no process can be started: %s", strerror(errno));
	return false;
}

void source_end(struct top_source *source)
{
	if (source->pid > 0) {
		kill(-source->pid, SIGTERM);
		waitpid(source->pid, &source->status, 0);
		source->pid = 0;
	}
	for (size_t i = 0; i < source->count; i++)
		free(source->paths[i]);
	free(source->paths);
	if (!source->command)
		return;
	if (WIFEXITED(source->status))
		printf("yieldsan: %s exited with status %d", source->command[0],
		       WEXITSTATUS(source->status));
	else
		printf("yieldsan: %s was killed by signal %d", source->command[0],
		       WTERMSIG(source->status));
	printf("; its output: %s/" OUTPUT "; the report: %s/" REPORT "\n", source->directory,
	       source->directory);
}
