#include "loaded_libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * "\tlibuv.so.1 => /lib/libuv.so.1 (0x...)", "\tlibfoo.so => not found", "\t/lib/ld.so (0x...)", or
 * where the loader gives up "program: error while loading shared libraries: libfoo.so: ...".
 */
static void take_line(char *line, void (*visit)(const char *path, const char *name, void *data),
		      void *data)
{
	static const char failure[] = ": error while loading shared libraries: ";
	char *name = line + strspn(line, "\t "), *path = strstr(name, " => "), *end;

	end = strstr(name, failure);
	if (end) {
		visit(NULL, end + strlen(failure), data);
		return;
	}
	if (path)
		*path = '\0';
	path = path ? path + strlen(" => ") : name;
	end = strstr(path, " (0x");
	if (end)
		*end = '\0';
	if (end && *path == '/')
		visit(path, name, data);
	else if (!strcmp(path, "not found"))
		visit(NULL, name, data);
}

static _Noreturn void become_loader(const char *loader, const char *program, int output)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	unsetenv("LD_PRELOAD");
	execl(loader, loader, "--list", program, NULL);
	_exit(127);
}

int loaded_libraries(const char *loader, const char *program,
		     void (*visit)(const char *path, const char *name, void *data), void *data)
{
	char *line = NULL;
	size_t room = 0;
	int ends[2];
	FILE *output;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		become_loader(loader, program, ends[1]);
	close(ends[1]);
	output = fdopen(ends[0], "r");
	while (output && getline(&line, &room, output) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take_line(line, visit, data);
	}
	free(line);
	if (output)
		fclose(output);
	if (pid < 0)
		return -EAGAIN;
	waitpid(pid, NULL, 0);
	return 0;
}
