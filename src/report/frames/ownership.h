/* Whose program a process ran: what of it is its author's, wherever that lies. */
#ifndef REPORT_OWNERSHIP_H
#define REPORT_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

struct binary;
struct session;

/* Strings are kept ones. */
struct ownership {
	struct ownership *next;
	const char *executable; /* path of the process's program */
	/* What the program was started as, where its file has another name: "redis-server", a link
	 * to redis-check-rdb. NULL: the same. */
	const char *called;
	const char *script; /* that an interpreter was told to run, or "-m" and the module; NULL */
	const char *target; /* that a launcher was told to run: "app.main:create"; NULL */
	const char *own;    /* option `own': patterns of packages and of paths */
	/* What was installed with the script: directories behind site-packages or node_modules. */
	const char **packages;
	size_t package_count;
	/* The crate whose `main' the executable has; its sources, where these were fetched too
	 * (cargo install), with a slash at the end. NULL: not known. */
	const char *crate, *sources;
	bool crate_read;
};

/* The same one for the same program: stacks of a thousand processes share their frames. */
struct ownership *ownership_of(struct session *session, const char *executable,
			       const char *const *arguments, size_t argument_count,
			       const char *own);

/* Fills crate and sources, once, from the executable. */
void ownership_read_crate(struct session *session, struct ownership *ownership,
			  struct binary *binary);

#endif
