/* One frame of a report's stack, and who owns its code. */
#ifndef REPORT_FRAME_H
#define REPORT_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "support/strings.h"

struct ownership;
struct python_loop;

enum frame_owner {
	OWNER_PROGRAM,	  /* the program's own code, which its author can change */
	OWNER_DEPENDENCY, /* a crate, package or module that it uses */
	OWNER_EXECUTOR,	  /* Tokio, libuv, GLib, asyncio, ...: runs the turns */
	OWNER_STANDARD,	  /* a language's standard library, an interpreter */
	OWNER_SYSTEM,	  /* libc, the loader, files in /usr/lib */
	OWNER_UNKNOWN,	  /* in no module */
};

/* The package of code that the program itself made from a text, or by a library's function. */
#define FRAME_GENERATED "generated code"

/* Strings are kept; NULL if unknown. */
struct frame {
	const char *function;
	const char *file;
	const char *language;
	const char *module;   /* path of the loaded object */
	const char *called;   /* the name by which it was started, if its file has another */
	const char *build_id; /* in hexadecimal */
	const char *package;  /* its package: "tokio", "std", "libc.so.6"; NULL for OWNER_PROGRAM */
	const char *method;   /* Python's name of a C function: "sqlite3.Connection.execute" */
	const char *task;     /* at a turn's boundary: the type of the polled task */
	uint64_t offset; /* of the instruction in the module; outside any module, the address */
	int line;
	int begin;    /* of a function without a name: the line where it begins; 0: not known */
	bool native;  /* not an interpreter's */
	bool inlined; /* into the next frame */
	bool shared;  /* the linker merged other functions with identical code into it */
	bool state_machine; /* code of an async function or block */
	bool turn_boundary; /* where an executor began the turn: polled a task */
	enum frame_owner owner;
	/* Owner by the first release's rules, from which finding ids are computed, so that old
	 * baselines still match. */
	enum frame_owner id_owner;
};

static inline bool frame_is_rust(const struct frame *frame)
{
	return frame->language && !strcmp(frame->language, "Rust");
}

/* Of two frames with names. */
static inline bool frame_is_same_function(const struct frame *one, const struct frame *other)
{
	return one->function == other->function && one->file == other->file &&
	       one->begin == other->begin;
}

/* Fills owner and package from the other members. */
void frame_find_owner(struct frame *frame, const struct ownership *ownership,
		      struct strings *strings);

/* The name of its module. */
const char *frame_module_name(const struct frame *frame);

/* " (or an identical function)" if the linker merged it. */
const char *frame_doubt(const struct frame *frame);

/* Whether the function belongs to a package and its name contains `part`. */
bool frame_is(const struct frame *frame, const char *package, const char *part);

/* The event loop to which an interpreter frame's function belongs; NULL. */
const struct python_loop *frame_python_loop(const struct frame *frame);

#endif
