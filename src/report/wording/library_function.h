/* The library functions between the program's code and a call, as users write them. */
#ifndef REPORT_LIBRARY_FUNCTION_H
#define REPORT_LIBRARY_FUNCTION_H

#include <stddef.h>

struct finding;
struct session;

/*
 * The one that the program called: "sqlite3.Connection.execute", "tracing::info!", "import
 * requests"; NULL if the program made the call itself, or what it called is unknown. Kept.
 */
const char *library_function(struct session *session, const struct finding *finding);

/*
 * All of them, outermost first, at most `room`: keys for looking up advice. A C library without
 * symbols appears by its file name. Returns their number.
 */
size_t library_functions(struct session *session, const struct finding *finding, const char **names,
			 size_t room);

#endif
