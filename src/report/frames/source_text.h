/* Reads source lines that frames name, if the reader of the report has the files. */
#ifndef REPORT_SOURCE_TEXT_H
#define REPORT_SOURCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct session;
struct source_text;

/* The whole text, without a final NUL; NULL if it cannot be read, is not a regular file, or is too
 * large. Lives as long as the report. */
const char *source_text(struct session *session, const char *path, size_t *size);

/* Line number `line`, counted from 1, without its newline; NULL if there is none. */
const char *source_text_line(struct session *session, const char *path, int line, size_t *length);

/*
 * The qualified name of the function around a line, with its classes: "Future.result"; outside
 * classes the function name alone. NULL if the text does not show it.
 */
const char *source_text_python_name(struct session *session, const char *path, int line,
				    const char *function);

void source_texts_deinit(struct session *session);

#endif
