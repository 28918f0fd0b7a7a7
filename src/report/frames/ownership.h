/* Which code belongs to the author of the program that a process ran, wherever it is installed. */
#ifndef REPORT_OWNERSHIP_H
#define REPORT_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

struct binary;
struct session;

/* Strings are kept. */
struct ownership {
	struct ownership *next;
	struct session *session; /* NULL: only what paths say by themselves */
	const char *executable;	 /* path of the process's executable */
	/* The name by which the program was started, if its file has another: "redis-server", a
	 * link to redis-check-rdb. NULL: the same. */
	const char *called;
	const char *script; /* run by an interpreter: a path, or "-m" and the module; NULL */
	const char *target; /* run by a launcher: "app.main:create"; NULL */
	const char *own;    /* option `own': patterns of packages and paths */
	/* Packages installed with the script: directories of installed packages (see installed.h)
	 * or below node_modules. */
	const char **packages;
	size_t package_count;
	/* The crate that contains the executable's `main'; its sources, if they were fetched too
	 * (cargo install), with a trailing slash. NULL: unknown. */
	const char *crate, *sources;
	bool crate_read;
};

/* Returns the same object for the same program: stacks of a thousand processes
 * share their frames. */
struct ownership *ownership_of(struct session *session, const char *executable,
			       const char *const *arguments, size_t argument_count,
			       const char *own);

/* Reads crate and sources from the executable, once. */
void ownership_read_crate(struct session *session, struct ownership *ownership,
			  struct binary *binary);

#endif
