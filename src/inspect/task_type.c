#include "task_type.h"

#include <inttypes.h>
#include <string.h>

#include "session.h"
#include "shared/text.h"

/* The first argument between the brackets, and its end. */
static const char *name_first_argument(const char *name, size_t *length)
{
	const char *open = strchr(name, '<'), *at;
	int depth = 0;

	if (!open)
		return NULL;
	for (at = open; *at; at++) {
		if (strchr("<([", *at))
			depth++;
		else if (strchr(")]", *at) || (*at == '>' && at[-1] != '-'))
			depth--;
		if (!depth || (depth == 1 && *at == ','))
			break;
	}
	*length = (size_t)(at - open - 1);
	return *at ? open + 1 : NULL;
}

/*
 * An async function's machine has the function's name: `app::serve::{async_fn_env#0}` in debug
 * information, `app::serve::{closure#0}` in symbols. A block has no other name.
 */
static size_t without_environment(const char *type, size_t length)
{
	static const char *const made[] = { "::{async_fn_env#0}", "::{closure#0}",
					    "::{async_block_env#0}" };

	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		size_t tail = strlen(made[i]);

		if (length > tail && !memcmp(type + length - tail, made[i], tail))
			return length - tail;
	}
	return length;
}

/* Wrappers that executors and libraries put around a task's future. */
static const char *const wrappers[] = {
	"core::pin::Pin<alloc::boxed::Box<", /* debug builds of Tokio box large futures */
	"async_executor::AsyncCallOnDrop<",
	"tracing::instrument::Instrumented<",
};

static const char *type_unwrapped(const char *type, size_t *length)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
		size_t begin = strlen(wrappers[i]), inner;
		const char *inside;

		/* For a dyn Future no more is known. */
		if (*length <= begin || memcmp(type, wrappers[i], begin) || type[begin] == '(' ||
		    !strncmp(type + begin, "dyn ", 4))
			continue;
		inside = name_first_argument(type + begin - 1, &inner);
		if (!inside)
			break;
		*length = inner;
		return type_unwrapped(inside, length);
	}
	return type;
}

/* "Core<T,S>::poll": symbols of Rust's older mangling have an impl's parameters, not its types. */
static bool is_parameter(const char *type, size_t length)
{
	return length == 1 && *type >= 'A' && *type <= 'Z';
}

const char *task_type_of(struct strings *strings, const char *name)
{
	size_t length;
	const char *type = name ? name_first_argument(name, &length) : NULL;

	type = type ? type_unwrapped(type, &length) : NULL;
	return type && !is_parameter(type, length)
		       ? strings_keep_part(strings, type, without_environment(type, length))
		       : NULL;
}

const char *task_type_of_machine(struct strings *strings, const char *machine)
{
	return strings_keep_part(strings, machine, without_environment(machine, strlen(machine)));
}

const char *task_type_name(struct address_space *space, uint64_t poll)
{
	struct strings *strings = &space->session->strings;
	struct loaded_module *module =
		address_space_module(space, poll, space->trace->header->start_monotonic_ns);
	const char *name = NULL, *type;

	if (!module)
		return "a module that is gone";
	if (module->binary)
		name = binary_generic_name(module->binary, poll - module->record->base);
	type = task_type_of(strings, name);
	if (type)
		return type;
	return strings_print(strings, "%s+0x%" PRIx64, path_name(module->path),
			     poll - module->record->base);
}
