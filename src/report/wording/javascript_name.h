/* Functions of Node, V8 and packages as users write them: "fs.readFileSync", "JSON.parse". */
#ifndef REPORT_JAVASCRIPT_NAME_H
#define REPORT_JAVASCRIPT_NAME_H

struct finding_stack;
struct frame;
struct session;

/* For a frame of Node or of a package: "zlib.gzipSync", "all of better-sqlite3". NULL if it has no
 * name. `caller`: the frame that called it. */
const char *javascript_name(struct session *session, const struct frame *frame,
			    const struct frame *caller);

/* What the program's code called there; NULL if it called nothing, or that is unknown. Kept. */
const char *javascript_library_name(struct session *session, const struct finding_stack *stack);

#endif
