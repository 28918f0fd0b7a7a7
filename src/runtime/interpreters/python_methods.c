#include "python_methods.h"

#include <stdint.h>
#include <string.h>

#include "runtime/modules/modules.h"

#define MAX_METHODS 64 /* of one type */

struct row {
	const char *name;
	python_method *method;
	int flags;
	const char *description;
};

static bool is_in_text(const struct module *module, uintptr_t address)
{
	return address >= module->text_start && address < module->text_end;
}

static bool module_has_address(const struct module *module, const void *address)
{
	return (uintptr_t)address >= module->start && (uintptr_t)address < module->end;
}

static bool is_row(const struct module *module, const struct row *row)
{
	return module_has_address(module, row->name) &&
	       is_in_text(module, (uintptr_t)row->method) && row->flags > 0 &&
	       row->flags < 0x1000 &&
	       (!row->description || module_has_address(module, row->description));
}

/* A name that is not a string of the module cannot be the mark; reading it is bounded. */
static bool is_called(const struct module *module, const struct row *row, const char *name)
{
	size_t size = strlen(name) + 1;

	return module_readable_until(module, (uintptr_t)row->name) >= (uintptr_t)row->name + size &&
	       !memcmp(row->name, name, size);
}

static void method_replace(struct row *row, const struct module *module,
			   const struct python_replacement *replacements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_called(module, row, replacements[i].name))
			continue;
		*replacements[i].original = row->method;
		__atomic_store_n(&row->method, replacements[i].method, __ATOMIC_RELEASE);
	}
}

static bool replace_in(const struct module *module, uintptr_t start, uintptr_t end,
		       const char *mark, const struct python_replacement *replacements,
		       size_t count)
{
	struct row *last = (struct row *)(end - sizeof *last), *row, *marked = NULL;

	for (uintptr_t at = start; at <= (uintptr_t)last && !marked; at += sizeof(void *)) {
		row = (struct row *)at;
		if (module_has_address(module, row->name) && is_row(module, row) &&
		    is_called(module, row, mark))
			marked = row;
	}
	if (!marked)
		return false;
	for (row = marked; marked - row < MAX_METHODS && (uintptr_t)(row - 1) >= start &&
			   is_row(module, row - 1);)
		row--;
	for (unsigned i = 0; i < MAX_METHODS && row <= last && is_row(module, row); i++, row++)
		method_replace(row, module, replacements, count);
	return true;
}

bool python_methods_replace(const struct module *interpreter, const char *mark,
			    const struct python_replacement *replacements, size_t count)
{
	for (uint16_t i = 0; i < interpreter->phnum; i++) {
		const ElfW(Phdr) *segment = &interpreter->phdr[i];
		uintptr_t start = interpreter->base + segment->p_vaddr;
		uintptr_t end = (start + segment->p_filesz) & ~(uintptr_t)(sizeof(void *) - 1);

		start = (start + sizeof(void *) - 1) & ~(uintptr_t)(sizeof(void *) - 1);
		/* Its start may be read-only by now. */
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W))
			continue;
		if (interpreter->relro_end > start && interpreter->relro_end < end)
			start = interpreter->relro_end;
		if (end > start + sizeof(struct row) &&
		    replace_in(interpreter, start, end, mark, replacements, count))
			return true;
	}
	return false;
}
