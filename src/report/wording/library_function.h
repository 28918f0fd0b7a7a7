/* The library's functions between the program's code and a call, as a user writes them. */
#ifndef REPORT_LIBRARY_FUNCTION_H
#define REPORT_LIBRARY_FUNCTION_H

#include <stddef.h>

struct finding;
struct session;

/*
 * The one that the program's code called: "sqlite3.Connection.execute", "tracing::info!",
 * "import requests"; NULL when the program made the call itself, or it is not known what it called.
 * Kept.
 */
const char *library_function(struct session *session, const struct finding *finding);

/*
 * All of them from the outermost inward, at most `room`: what advice is looked up by. A C library
 * without symbols stands there with its file's name. Returns how many.
 */
size_t library_functions(struct session *session, const struct finding *finding, const char **names,
			 size_t room);

#endif
