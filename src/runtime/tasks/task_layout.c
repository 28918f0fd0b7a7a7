#include "task_layout.h"

#include "task_module.h"
#include "task_slots.h"

const struct layout_task *layout_task(const struct layout *layout, const struct task_slot *slot,
				      uintptr_t poll)
{
	const struct layout_task *found = NULL;
	uint64_t number;
	uintptr_t base;

	/* Vtables of earlier versions have no number to compare. */
	if (!layout->header || !slot->by_shape)
		return NULL;
	base = slot->module->module->base;
	number = slot->family->layout_number((const uint64_t *)slot->vtable);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_TASKS); i++) {
		const struct layout_task *task = &layout->tasks[i];

		if (!task->poll || task->poll + base != poll || task->trailer != number)
			continue;
		/* The linker merged equal functions: the future's type is ambiguous. */
		if (found && found->machine != task->machine)
			return NULL;
		found = task;
	}
	return found;
}
