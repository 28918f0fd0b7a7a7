/* Python functions as users write them: "concurrent.futures.Future.result". */
#ifndef REPORT_PYTHON_NAME_H
#define REPORT_PYTHON_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct frame;
struct session;
struct stack;

/* For a library's frame; outside any library the function name alone. NULL if there
 * is none. Kept. */
const char *python_name(struct session *session, const struct frame *frame);

/* The library function of the frame just inside `end`, which is not 0; also "import requests" and
 * "logging.Logger.error (SMTPHandler)". */
const char *python_library_name(struct session *session, const struct stack *stack, size_t end);

/* The name of the C function that the innermost Python frame called; NULL if unknown. */
const char *python_method_name(struct session *session, const struct stack *native);

/* Whether a native frame is the interpreter's evaluation of Python code. */
bool python_is_evaluation(const struct frame *frame);

#endif
