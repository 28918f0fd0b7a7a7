#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "support/memory.h"
#include "shared/arch/arch.h"

#define SHELL	     "/bin/sh"
#define SCRIPTS_DEEP 5 /* the kernel's own limit is lower */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_executable(const char *path, int *error)
{
	struct stat status;

	if (stat(path, &status))
		*error = errno;
	else if (S_ISDIR(status.st_mode))
		*error = EISDIR;
	else if (!S_ISREG(status.st_mode) || access(path, X_OK))
		*error = EACCES;
	else
		return true;
	return false;
}

/* Returns 0 or -errno: of all errors along PATH, the most informative. */
static int program_search(char found[PATH_MAX], const char *name)
{
	const char *path = getenv("PATH"), *end;
	int error = ENOENT, result = ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		if ((size_t)snprintf(found, PATH_MAX, "%s", name) >= PATH_MAX)
			return -ENAMETOOLONG;
		return is_executable(found, &error) ? 0 : -error;
	}
	for (path = path ? path : DEFAULT_PATH;; path = end + 1) {
		end = strchrnul(path, ':');
		/* An empty entry means the current directory. */
		if ((size_t)snprintf(found, PATH_MAX, "%.*s%s%s", (int)(end - path), path,
				     end > path ? "/" : "./", name) < PATH_MAX) {
			if (is_executable(found, &error))
				return 0;
			if (error == EACCES)
				result = EACCES;
		}
		if (!*end)
			return -result;
	}
}

/*
 * The first line of a script after its `#!`. Returns 0, -ENOEXEC if there is none, or -ENOMSG if it
 * is text without one, which a shell runs itself.
 */
static int read_first_line(const char *path, char line[256])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, 255);

	if (fd >= 0)
		close(fd);
	if (got < 0 || memchr(line, '\0', (size_t)got) || !strncmp(line, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (got < 3 || line[0] != '#' || line[1] != '!')
		return -ENOMSG;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	memmove(line, line + 2, strlen(line + 2) + 1);
	return 0;
}

/* The command that env executes, after its options and assignments. */
static char *env_command(char *rest)
{
	char *word;

	while ((word = strsep(&rest, " \t")))
		if (*word && *word != '-' && !strchr(word, '='))
			return word;
	return NULL;
}

/* Replaces `path` by its interpreter; 0 or -errno. */
static int program_interpreter(char path[PATH_MAX])
{
	char line[256], *rest = line, *word, *base;
	int error = read_first_line(path, line);

	if (error)
		return error;
	rest += strspn(rest, " \t");
	word = strsep(&rest, " \t");
	base = strrchr(word, '/');
	if (base && !strcmp(base, "/env") && rest)
		word = env_command(rest);
	return word ? program_search(path, word) : -ENOENT;
}

static int program_fail(int error, const char *command, const char *path,
			char sentence[SENTENCE_SIZE])
{
	if (strcmp(command, path))
		snprintf(sentence, SENTENCE_SIZE, "%s: its interpreter %s: %s", command, path,
			 strerror(error));
	else if (error == ENOENT && !strchr(command, '/'))
		snprintf(sentence, SENTENCE_SIZE, "%s: there is no such program in PATH", command);
	else if (error == EACCES)
		snprintf(sentence, SENTENCE_SIZE, "%s: not executable; chmod +x makes it so",
			 command);
	else if (error == ENOEXEC || error == ENOMSG)
		snprintf(sentence, SENTENCE_SIZE, "%s: neither a whole ELF file nor a script",
			 command);
	else
		snprintf(sentence, SENTENCE_SIZE, "%s: %s", command, strerror(error));
	return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_WATCH;
}

int program_find(struct program *program, const char *command, char sentence[SENTENCE_SIZE])
{
	int error = program_search(program->file, command);

	if (error)
		return program_fail(-error, command, command, sentence);
	strcpy(program->watched, program->file);
	for (int i = 0; i < SCRIPTS_DEEP; i++) {
		error = elf_kind_read(&program->kind, program->watched);
		/* Executable but not readable: let the kernel report the error. */
		if (error == -EACCES)
			return program_fail(EACCES, program->file, program->watched, sentence);
		if (error != -ENOEXEC)
			return error ? program_fail(-error, command, program->watched, sentence)
				     : 0;
		error = program_interpreter(program->watched);
		program->by_shell = error == -ENOMSG && !i;
		if (program->by_shell)
			strcpy(program->watched, SHELL);
		else if (error)
			return program_fail(-error, command, program->watched, sentence);
	}
	return program_fail(ELOOP, command, program->watched, sentence);
}

static const char *program_privilege(const struct program *program)
{
	if (program->kind.privileges & PRIVILEGE_SETUID)
		return "setuid";
	if (program->kind.privileges & PRIVILEGE_SETGID)
		return "setgid";
	/* They change nothing for root: the loader works as usual. */
	return program->kind.privileges && getuid() ? "given capabilities" : NULL;
}

int program_refusal(const struct program *program, char sentence[SENTENCE_SIZE])
{
	const struct elf_kind *kind = &program->kind;
	const char *path = program->watched;

	if (!elf_kind_is_native(kind))
		snprintf(sentence, SENTENCE_SIZE,
			 "%s is for another architecture (%s), and this YieldSan watches " ARCH_NAME
			 ": run a build of it for " ARCH_NAME,
			 path, elf_kind_machine(kind));
	else if (kind->linkage == LINKAGE_OBJECT || kind->linkage == LINKAGE_LIBRARY)
		snprintf(sentence, SENTENCE_SIZE,
			 "%s is %s, not a program: name the program that uses it", path,
			 kind->linkage == LINKAGE_LIBRARY ? "a shared library" : "an object file");
	else if (kind->libc == LIBC_MUSL)
		snprintf(sentence, SENTENCE_SIZE,
			 "%s is linked against musl, and YieldSan watches glibc programs: build it "
			 "for "
			 "a -gnu target",
			 path);
	else if (kind->linkage == LINKAGE_STATIC || kind->linkage == LINKAGE_STATIC_PIE)
		snprintf(
			sentence, SENTENCE_SIZE,
			"%s is statically linked%s, so no library can be loaded into it: link it "
			"dynamically (C: without -static; Rust: a -gnu target without +crt-static)",
			path, kind->linkage == LINKAGE_STATIC_PIE ? " (static-pie)" : "");
	else if (program_privilege(program))
		snprintf(sentence, SENTENCE_SIZE,
			 "%s is %s, and the loader preloads nothing into such a program: run a "
			 "copy made "
			 "by cp, which has no such right, as a user who needs none",
			 path, program_privilege(program));
	else if (*kind->interpreter && access(kind->interpreter, X_OK))
		snprintf(
			sentence, SENTENCE_SIZE,
			"%s needs the loader %s, which is not here: install its libc or rebuild it",
			path, kind->interpreter);
	else
		return 0;
	return STATUS_CANNOT_WATCH;
}

char **program_arguments(const struct program *program, char **command)
{
	size_t count = 0, at = 0;
	char **arguments;

	while (command[count])
		count++;
	arguments = memory_get((count + 2) * sizeof *arguments);
	if (program->by_shell) {
		arguments[at++] = (char *)"sh";
		arguments[at++] = (char *)program->file;
		command++;
		count--;
	}
	memcpy(arguments + at, command, count * sizeof *arguments);
	return arguments;
}
