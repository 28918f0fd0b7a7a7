/*
 * Calls that replace the process's program. A forked or vforked child may make them: nothing is
 * allocated.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>

#include "runtime/process/process.h"
#include "runtime/process/unwatched.h"
#include "call.h"

#define EXECS(name, path, environment, params, args)                                               \
	EXPORT int name params                                                                     \
	{                                                                                          \
		struct unwatched program = unwatched_check(path, environment);                     \
		int result;                                                                        \
                                                                                                   \
		if (!this_thread.vforked)                                                          \
			process_execs();                                                           \
		result = real.name args;                                                           \
		if (!this_thread.vforked)                                                          \
			process_exec_failed();                                                     \
		unwatched_failed(program);                                                         \
		return result;                                                                     \
	}

EXECS(execve, path, environment,
      (const char *path, char *const arguments[], char *const environment[]),
      (path, arguments, environment))
EXECS(execveat, path, environment,
      (int directory, const char *path, char *const arguments[], char *const environment[],
       int flags),
      (directory, path, arguments, environment, flags))
EXECS(fexecve, "(a descriptor)", environment,
      (int fd, char *const arguments[], char *const environment[]), (fd, arguments, environment))
EXECS(execv, path, environ, (const char *path, char *const arguments[]), (path, arguments))
EXECS(execvp, file, environ, (const char *file, char *const arguments[]), (file, arguments))
EXECS(execvpe, file, environment,
      (const char *file, char *const arguments[], char *const environment[]),
      (file, arguments, environment))

/* The number of arguments, including the first one but not the NULL. */
static size_t count_arguments(const char *first, va_list rest)
{
	size_t count = 0;

	for (const char *argument = first; argument; argument = va_arg(rest, const char *))
		count++;
	return count;
}

static void take_arguments(char **arguments, const char *first, va_list *rest)
{
	*arguments = (char *)first;
	while (*arguments)
		*++arguments = va_arg(*rest, char *);
}

/* As in glibc, posix/execl.c: the list becomes an array on the stack. */
#define EXECS_LIST(name, path, exec)                                                               \
	EXPORT int name(const char *path, const char *first, ...)                                  \
	{                                                                                          \
		va_list rest;                                                                      \
		size_t count;                                                                      \
                                                                                                   \
		va_start(rest, first);                                                             \
		count = count_arguments(first, rest);                                              \
		va_end(rest);                                                                      \
		if (count >= INT_MAX) {                                                            \
			errno = E2BIG;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		char *arguments[count + 1];                                                        \
		char **environment = environ;                                                      \
                                                                                                   \
		va_start(rest, first);                                                             \
		take_arguments(arguments, first, &rest);                                           \
		exec;                                                                              \
	}

EXECS_LIST(execl, path, va_end(rest); return execve(path, arguments, environment))
EXECS_LIST(execlp, file, va_end(rest); return execvpe(file, arguments, environment))
EXECS_LIST(execle, path, environment = va_arg(rest, char **); va_end(rest);
	   return execve(path, arguments, environment))
