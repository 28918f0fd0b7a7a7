#include "task_locals.h"

#include <string.h>

#include "runtime/base/compiler.h"

#define LARGEST_LOCAL 256 /* bytes of one variable */

/*
 * ENTERED is a Cell<bool>, true within; rustc puts an equal byte before it that says that it was
 * initialised, unless it is constant (futures-executor/src/enter.rs). CACHE is a RefCell that is
 * borrowed within: its counter, a word, is -1 (futures-lite/src/future.rs, async-io/src/driver.rs).
 */
static const struct {
	const char *crate, *part;
	enum executor_id executor;
} variables[] = {
	{ "16futures_executor", "5enter7ENTERED", EXECUTOR_futures },
	{ "12futures_lite", "8block_on5CACHE", EXECUTOR_futures_lite },
	{ "8async_io", "8block_on5CACHE", EXECUTOR_async_io },
};

void task_locals_add(struct task_locals *locals, const struct symbol_range *symbol)
{
	uintptr_t size = symbol->end - symbol->start;

	for (unsigned i = 0; i < ARRAY_SIZE(variables); i++) {
		if (!strstr(symbol->name, variables[i].crate) ||
		    !strstr(symbol->name, variables[i].part))
			continue;
		if (locals->count == TASK_LOCALS || !size || size > LARGEST_LOCAL ||
		    symbol->start > UINT32_MAX || task_locals_have(locals, variables[i].executor))
			return;
		locals->items[locals->count].offset = (uint32_t)symbol->start;
		locals->items[locals->count].size = (uint32_t)size;
		locals->items[locals->count++].executor = variables[i].executor;
		return;
	}
}

bool task_locals_have(const struct task_locals *locals, enum executor_id executor)
{
	for (unsigned i = 0; i < locals->count; i++)
		if (locals->items[i].executor == executor)
			return true;
	return false;
}

static bool is_borrowed(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + at, sizeof word);
		if (word == UINT64_MAX)
			return true;
	}
	return false;
}

static bool is_true(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t at = 0; at < size; at++)
		if (bytes[at] != 1)
			return false;
	return true;
}

enum executor_id task_locals_entered_in(const struct task_locals *locals, const uint8_t *block,
					size_t block_size)
{
	for (unsigned i = 0; block && i < locals->count; i++) {
		uint32_t offset = locals->items[i].offset, size = locals->items[i].size;
		bool borrowed = locals->items[i].executor != EXECUTOR_futures;

		if (offset > block_size || size > block_size - offset)
			continue;
		if (borrowed ? is_borrowed(block + offset, size) : is_true(block + offset, size))
			return locals->items[i].executor;
	}
	return EXECUTOR_other;
}

enum executor_id task_locals_entered(const struct task_locals *locals, const struct module *module)
{
	if (LIKELY(!locals->count))
		return EXECUTOR_other;
	return task_locals_entered_in(locals, module_tls(module), module->tls_size);
}
