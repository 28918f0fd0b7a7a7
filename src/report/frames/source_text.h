/* Lines of the source files that frames name, where the reader of a report has them. */
#ifndef REPORT_SOURCE_TEXT_H
#define REPORT_SOURCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct session;
struct source_text;

/* The whole text; NULL where it cannot be read, is no regular file, or is too large. Not ended by a
 * NUL. Lives as long as the report. */
const char *source_text(struct session *session, const char *path, size_t *size);

/* A line, from 1, without its NEWLINE; NULL where there is none. */
const char *source_text_line(struct session *session, const char *path, int line, size_t *length);

/*
 * The name that Python's class statements give the function of that name around a line:
 * "Future.result"; the function itself outside of classes. NULL where the text does not show it.
 */
const char *source_text_python_name(struct session *session, const char *path, int line,
				    const char *function);

void source_texts_deinit(struct session *session);

#endif
