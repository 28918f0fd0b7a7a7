#include "task_module.h"

#include "runtime/base/events.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "task_library.h"
#include "task_slots.h"

struct task_module task_modules[TASK_MODULES];

static unsigned used; /* entries up to here were taken at some time */

static bool task_module_is_loaded(const struct task_module *module)
{
	const struct module *loaded = __atomic_load_n(&module->module, __ATOMIC_ACQUIRE);

	return loaded && !loaded->unloaded_ns;
}

struct task_module *task_module_next(struct task_module *previous)
{
	struct task_module *end = task_modules + __atomic_load_n(&used, __ATOMIC_ACQUIRE);
	struct task_module *module = previous ? previous + 1 : task_modules;

	while (module < end && !task_module_is_loaded(module))
		module++;
	return module < end ? module : NULL;
}

/* Another thread may take an entry back between two looks, as for a library without tasks. */
struct task_module *task_module_of(uintptr_t pc)
{
	struct task_module *module = NULL;

	while ((module = task_module_next(module))) {
		const struct module *loaded = __atomic_load_n(&module->module, __ATOMIC_ACQUIRE);

		if (loaded && pc >= loaded->start && pc < loaded->end)
			break;
	}
	return module;
}

bool task_module_has(const struct task_module *module, const struct task_library *library)
{
	for (unsigned i = 0; i < task_library_count; i++)
		if (task_libraries[i] == library)
			return module->libraries & 1u << i;
	return false;
}

struct executor *task_module_executor(const struct task_module *module)
{
	for (unsigned i = 0; i < task_library_count; i++)
		if (module->libraries & 1u << i)
			return task_libraries[i]->executor(module);
	return NULL;
}

static bool is_tokio_too(const struct task_module *module)
{
	return module->symbols.tokio || task_module_has(module, &tokio_library);
}

struct task_module *task_module_polls(enum executor_id *executor)
{
	struct task_module *module = NULL;

	while ((module = task_module_next(module))) {
		const struct module *loaded = __atomic_load_n(&module->module, __ATOMIC_ACQUIRE);

		*executor = loaded ? task_locals_entered(&module->symbols.locals, loaded)
				   : EXECUTOR_other;
		if (*executor != EXECUTOR_other && !is_tokio_too(module))
			break;
	}
	return module;
}

/* A module that was unloaded and loaded again has the same struct module, but other tables. */
static void release_unloaded(const struct module *added)
{
	for (unsigned i = 0; i < used; i++) {
		struct task_module *module = &task_modules[i];

		if (!module->module || (task_module_is_loaded(module) && module->module != added))
			continue;
		task_slots_release(module);
		layout_unmap(&module->futures);
		__atomic_store_n(&module->module, NULL, __ATOMIC_RELEASE);
	}
}

static struct task_module *free_entry(void)
{
	for (unsigned i = 0; i < TASK_MODULES; i++)
		if (!task_modules[i].module)
			return &task_modules[i];
	return NULL;
}

struct search {
	struct task_module *module;
	bool may_be_rust;
	unsigned library;	 /* library searched for */
	uintptr_t writable_from; /* pages from here on are writable */
};

static bool task_module_hook(const struct search *search, const struct task_family *family,
			     const struct task_vtable *vtable)
{
	bool read_only = (uintptr_t)(vtable->words + family->function) < search->writable_from;

	return task_slot_hook(search->module, family, vtable, read_only);
}

static void vtable_found(const struct task_vtable *vtable, void *data)
{
	const struct search *search = data;
	const struct task_library *library = task_libraries[search->library];
	struct task_module *module = search->module;

	if (library->begin)
		library->begin(module);
	if (task_module_hook(search, library->polls, vtable))
		module->libraries |= 1u << search->library;
	if (vtable->by_shape && (library->jobs_drop || !vtable->job))
		task_module_hook(search, library->drops, vtable);
	if (vtable->by_shape && library->wakes && !vtable->job)
		task_module_hook(search, library->wakes, vtable);
}

static void region_look_through(struct search *search, uintptr_t start, uintptr_t end)
{
	const struct module *module = search->module->module;
	const struct task_symbols *symbols = &search->module->symbols;
	const struct task_region region = {
		.start = start,
		.end = end,
		.text_start = module->text_start,
		.text_end = module->text_end,
		.module = module,
	};

	for (search->library = 0; search->library < task_library_count; search->library++)
		if (search->may_be_rust || !task_libraries[search->library]->rust_alone)
			task_libraries[search->library]->scan(&region, symbols, vtable_found,
							      search);
	task_slots_close_page();
}

static void look_through_segments(struct search *search, uint32_t flags)
{
	const struct module *module = search->module->module;

	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t start = module->base + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && segment->p_flags == flags)
			region_look_through(search, start, start + segment->p_filesz);
	}
}

/*
 * Where constant tables of addresses lie: in memory that is read-only after relocation; in plain
 * data if a published program has lost that mark (Deno 2.9); and in the read-only data of a program
 * at a fixed address, which needs no relocation.
 */
static void look_everywhere(struct search *search)
{
	const struct module *module = search->module->module;

	if (module->relro_start < module->relro_end) {
		/* The loader protects whole pages: the last one stays writable (elf/dl-reloc.c). */
		search->writable_from = module->relro_end & ~(uintptr_t)(MEMORY_PAGE - 1);
		region_look_through(search, module->relro_start, module->relro_end);
	} else {
		search->writable_from = 0;
		look_through_segments(search, PF_R | PF_W);
	}
	if (module->base == 0 && search->may_be_rust) {
		search->writable_from = UINTPTR_MAX;
		look_through_segments(search, PF_R);
	}
}

void task_module_added(struct module *added)
{
	struct task_module *module;
	struct search search = { 0 };

	release_unloaded(added);
	if (runtime_silent || added->text_start >= added->text_end)
		return;
	module = free_entry();
	if (!module) {
		trace_lose_event();
		return;
	}
	search.module = module;
	search.may_be_rust = module_may_be_rust(added);
	task_symbols_read(&module->symbols, added);
	module->libraries = 0;
	for (unsigned i = 0; i < task_library_count; i++)
		if (task_libraries[i]->is_named(&module->symbols))
			module->libraries |= 1u << i;
	tokio_context_clear(&module->context);
	/* Calls arrive as soon as the first table is hooked. */
	__atomic_store_n(&module->module, added, __ATOMIC_RELEASE);
	if (module - task_modules >= (ptrdiff_t)used)
		__atomic_store_n(&used, (unsigned)(module - task_modules) + 1, __ATOMIC_RELEASE);
	look_everywhere(&search);
	if (module->libraries && layout_map(&module->futures, added))
		event_task_layout_mapped(module);
	if (!module->libraries)
		__atomic_store_n(&module->module, NULL, __ATOMIC_RELEASE);
}

void task_modules_forked(void)
{
	for (unsigned i = 0; i < task_library_count; i++)
		for (unsigned j = 0; task_libraries[i]->forked && j < used; j++)
			task_libraries[i]->forked(&task_modules[j]);
}
