/* Python frames from CPython's own traceback writer, for versions with unknown structures. */
#ifndef RUNTIME_INTERPRETERS_PYTHON_DUMP_H
#define RUNTIME_INTERPRETERS_PYTHON_DUMP_H

#include <stdbool.h>

struct module;
struct python_script;

/* False if it is not exported, and the interpreter's file has no symbols. */
bool python_dump_init(const struct module *interpreter);

void python_dump_frames(void *thread_state, struct python_script *script);

#endif
