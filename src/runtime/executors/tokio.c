#include "tokio.h"

#include "../compiler.h"
#include "../memory.h"
#include "../runtime.h"
#include "../trace.h"
#include "executor.h"
#include "tokio_module.h"
#include "tokio_slots.h"

struct tokio_module tokio_modules[TOKIO_MODULES];

static unsigned used; /* entries up to here are or were taken */

struct executor *tokio_executor(void)
{
	static struct executor *executor;
	struct executor *known = __atomic_load_n(&executor, __ATOMIC_ACQUIRE);

	if (LIKELY(known != NULL))
		return known;
	known = executor_get(FAMILY_TOKIO, "tokio", 0, CONFIDENCE_HIGH);
	if (known)
		executor_confirm(known);
	__atomic_store_n(&executor, known, __ATOMIC_RELEASE);
	return known;
}

static bool is_loaded(const struct tokio_module *module)
{
	const struct module *loaded = __atomic_load_n(&module->module, __ATOMIC_ACQUIRE);

	return loaded && !loaded->unloaded_ns;
}

struct tokio_module *tokio_module_next(struct tokio_module *previous)
{
	struct tokio_module *end = tokio_modules + __atomic_load_n(&used, __ATOMIC_ACQUIRE);
	struct tokio_module *module = previous ? previous + 1 : tokio_modules;

	while (module < end && !is_loaded(module))
		module++;
	return module < end ? module : NULL;
}

bool tokio_is_module(const struct module *wanted)
{
	for (struct tokio_module *module = tokio_module_next(NULL); module;
	     module = tokio_module_next(module))
		if (module->module == wanted)
			return true;
	return false;
}

bool tokio_owns(uintptr_t pc)
{
	for (struct tokio_module *module = tokio_module_next(NULL); module;
	     module = tokio_module_next(module))
		if (pc >= module->module->start && pc < module->module->end)
			return true;
	return false;
}

/* A module that went and came back has the same struct module, and other tables. */
static void release_unloaded(const struct module *added)
{
	for (unsigned i = 0; i < used; i++) {
		struct tokio_module *module = &tokio_modules[i];

		if (!module->module || (is_loaded(module) && module->module != added))
			continue;
		tokio_slots_release(module);
		__atomic_store_n(&module->module, NULL, __ATOMIC_RELEASE);
	}
}

static struct tokio_module *free_entry(void)
{
	for (unsigned i = 0; i < TOKIO_MODULES; i++)
		if (!tokio_modules[i].module)
			return &tokio_modules[i];
	return NULL;
}

struct search {
	struct tokio_module *module;
	uintptr_t writable_from; /* pages from here on are not read-only */
	unsigned hooked;
};

static void found(const struct tokio_vtable *vtable, void *data)
{
	struct search *search = data;
	bool read_only = (uintptr_t)vtable->words < search->writable_from;

	if (!search->hooked)
		tokio_context_init(&search->module->context, search->module->module);
	if (tokio_slot_hook(search->module, vtable, read_only))
		search->hooked++;
}

static void look_through(struct search *search, const struct tokio_addresses *polls,
			 uintptr_t start, uintptr_t end)
{
	const struct module *module = search->module->module;
	const struct tokio_region region = {
		.start = start,
		.end = end,
		.text_start = module->text_start,
		.text_end = module->text_end,
	};

	tokio_scan(&region, polls, found, search);
	tokio_slots_close_page();
}

static void look_through_segments(struct search *search, const struct tokio_addresses *polls,
				  uint32_t flags)
{
	const struct module *module = search->module->module;

	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t start = module->base + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && segment->p_flags == flags)
			look_through(search, polls, start, start + segment->p_filesz);
	}
}

/*
 * Where constant tables of addresses lie: in what is made read-only after relocation; in a program
 * as published that has lost the mark for it (Deno 2.9), in plain data; in a program at a fixed
 * address, which needs no relocation, in its read-only data as well.
 */
static void look_everywhere(struct search *search, const struct tokio_addresses *polls)
{
	const struct module *module = search->module->module;

	if (module->relro_start < module->relro_end) {
		/* The loader protects whole pages: the last one stays writable (elf/dl-reloc.c). */
		search->writable_from = module->relro_end & ~(uintptr_t)(MEMORY_PAGE - 1);
		look_through(search, polls, module->relro_start, module->relro_end);
	} else {
		search->writable_from = 0;
		look_through_segments(search, polls, PF_R | PF_W);
	}
	if (module->base == 0 && tokio_may_be_rust(module)) {
		search->writable_from = UINTPTR_MAX;
		look_through_segments(search, polls, PF_R);
	}
}

void tokio_module_added(struct module *added)
{
	struct tokio_addresses *polls = tokio_addresses_clear();
	struct tokio_module *module;
	struct search search = { 0 };

	release_unloaded(added);
	if (runtime_silent || added->text_start >= added->text_end)
		return;
	module = free_entry();
	if (!module) {
		trace_lose_event();
		return;
	}
	tokio_symbols_read(&module->symbols, added, polls);
	tokio_context_clear(&module->context);
	/* Calls come through as soon as the first table is hooked. */
	__atomic_store_n(&module->module, added, __ATOMIC_RELEASE);
	if (module - tokio_modules >= (ptrdiff_t)used)
		__atomic_store_n(&used, (unsigned)(module - tokio_modules) + 1, __ATOMIC_RELEASE);
	search.module = module;
	look_everywhere(&search, polls);
	if (!search.hooked && !module->symbols.count)
		__atomic_store_n(&module->module, NULL, __ATOMIC_RELEASE);
}

void tokio_forked(void)
{
	for (unsigned i = 0; i < used; i++)
		tokio_context_forked(&tokio_modules[i].context);
}
