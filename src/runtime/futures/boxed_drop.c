#include "boxed_drop.h"

#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/turns/task_types.h"
#include "runtime/base/memory.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "cancel_look.h"

/* Of a program with more of them, only these are hooked: slots are needed for tasks first. */
#define MOST_VTABLES 2048

static const struct task_family boxed_drop_family = {
	.confirmed = (const void *)boxed_drop_confirmed,
};

/* Checks whether the words are in memory what they are in the file: a table of functions. */
static bool is_vtable(const struct module *module, const uint64_t *words)
{
	uintptr_t address = (uintptr_t)words;

	return address % sizeof *words == 0 && address >= module->start &&
	       address + sizeof *words <= module->end && memory_is_readable(words, sizeof *words) &&
	       *words >= module->text_start && *words < module->text_end;
}

static bool is_read_only(const struct module *module, uintptr_t address)
{
	/* The loader protects whole pages: the last one stays writable (elf/dl-reloc.c). */
	if (address >= module->relro_start && address < module->relro_end)
		return address < (module->relro_end & ~(uintptr_t)(MEMORY_PAGE - 1));
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];

		if (segment->p_type == PT_LOAD &&
		    address - module->base - segment->p_vaddr < segment->p_memsz)
			return !(segment->p_flags & PF_W);
	}
	return true;
}

void boxed_drops_hook(struct task_module *module)
{
	const struct layout *layout = &module->futures.table;
	uint32_t count = layout->header ? layout_count(layout, LAYOUT_VTABLES) : 0;

	for (uint32_t i = 0; i < count && i < MOST_VTABLES; i++) {
		const struct layout_vtable *known = &layout->vtables[i];
		const struct task_vtable vtable = {
			.words = (uint64_t *)(known->address + module->module->base),
		};

		/* Equal tables that the linker merged stand for two types. */
		if ((i && known[-1].address == known->address) ||
		    (i + 1 < count && known[1].address == known->address) ||
		    known->machine == LAYOUT_NONE ||
		    layout->machines[known->machine].language == LAYOUT_WRAPPER ||
		    !is_vtable(module->module, vtable.words))
			continue;
		if (!task_slot_hook(module, &boxed_drop_family, &vtable,
				    is_read_only(module->module, (uintptr_t)vtable.words)))
			break;
	}
	task_slots_close_page();
}

/* In a task's turn, and not because the task itself is dropped. */
static bool is_within_task(const struct task_slot *slot)
{
	const struct turn *turn = this_thread.turn;
	const struct module *module = slot->module->module;
	uintptr_t poll;

	if (!turn || turn->kind != TURN_TASK || !turn->type || turn->outcome == OUTCOME_CANCELLED ||
	    this_thread.drops_task || this_thread.own_code)
		return false;
	poll = task_type_poll(turn->type);
	return module && poll >= module->start && poll < module->end;
}

void boxed_drop(void *future, uint32_t number)
{
	const struct task_slot *slot = &task_slots[number];

	if (is_within_task(slot))
		cancel_look_boxed(slot, future);
	((void (*)(void *))slot->function)(future);
}
