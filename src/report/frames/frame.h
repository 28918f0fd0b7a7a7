/* One frame of a report's stack, and whose code it is. */
#ifndef REPORT_FRAME_H
#define REPORT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "support/strings.h"

struct ownership;
struct python_loop;

enum frame_owner {
	OWNER_PROGRAM,	  /* the program's own code: where its author can change something */
	OWNER_DEPENDENCY, /* a crate, a package, a module beside it */
	OWNER_EXECUTOR,	  /* Tokio, libuv, GLib, asyncio, ...: runs the turns */
	OWNER_STANDARD,	  /* a language's own library, an interpreter */
	OWNER_SYSTEM,	  /* libc, the loader, what lies in /usr/lib */
	OWNER_UNKNOWN,	  /* in no module */
};

/* Strings are kept ones: NULL where not known. */
struct frame {
	const char *function;
	const char *file;
	const char *language;
	const char *module;   /* path of the loaded object */
	const char *called;   /* the name that it was started by, where its file has another */
	const char *build_id; /* in hexadecimal */
	const char *package; /* what it is a part of: "tokio", "std", "libc.so.6"; for OWNER_PROGRAM
				NULL */
	const char *method;  /* Python's name of a C function: "sqlite3.Connection.execute" */
	const char *task;    /* of a turn's boundary: the type of the task that it polls */
	uint64_t offset;     /* in the module, of the instruction; in no module the address */
	int line;
	bool native;	    /* not an interpreter's */
	bool inlined;	    /* into the frame that follows */
	bool shared;	    /* a linker folded other functions of the same code into it */
	bool state_machine; /* the code of an async function or block */
	bool turn_boundary; /* where an executor began the turn: a task's poll */
	enum frame_owner owner;
	/* By the rules of the first release, which ids of findings are made of: a baseline written
	 * then still fits. */
	enum frame_owner id_owner;
};

/* Fills owner and package from all the rest. */
void frame_find_owner(struct frame *frame, const struct ownership *ownership,
		      struct strings *strings);

/* The name of its module. */
const char *frame_module_name(const struct frame *frame);

/* " (or an identical function)" where that is so. */
const char *frame_doubt(const struct frame *frame);

/* Whether the function belongs to a package and its name contains `part`. */
bool frame_is(const struct frame *frame, const char *package, const char *part);

/* The event loop whose function this is, of an interpreter's frame; NULL. */
const struct python_loop *frame_python_loop(const struct frame *frame);

#endif
