/* Python's functions as a user writes them: "concurrent.futures.Future.result". */
#ifndef REPORT_PYTHON_NAME_H
#define REPORT_PYTHON_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct frame;
struct session;
struct stack;

/* Of a library's frame; of one that is in no library its name alone. NULL where it has none. Kept.
 */
const char *python_name(struct session *session, const struct frame *frame);

/* The library's function of the frame within `end`, which is not 0: also "import requests", and
 * "logging.Logger.error (SMTPHandler)". */
const char *python_library_name(struct session *session, const struct stack *stack, size_t end);

/* Of the C function that the innermost frame of Python called; NULL where none is known. */
const char *python_method_name(struct session *session, const struct stack *native);

/* Whether a native frame is the interpreter's evaluation of Python's code. */
bool python_is_evaluation(const struct frame *frame);

#endif
