/* The libraries of tasks: one line each. */
#include "task_library.h"

#include "runtime/base/compiler.h"

const struct task_library *const task_libraries[] = {
	&tokio_library,
	&async_task_library,
};

const unsigned task_library_count = ARRAY_SIZE(task_libraries);
