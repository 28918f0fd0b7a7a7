/* Turns that a program marks itself: include/yieldsan/yieldsan.h. */
#include "annotated.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define YIELDSAN_OFF /* the runtime has no marks of its own */
#include "yieldsan/yieldsan.h"

#include "../allowance.h"
#include "../modules.h"
#include "../runtime.h"
#include "../thread.h"
#include "../turn.h"
#include "executor.h"

#define NESTED                                                                                     \
	14 /* marked regions within each other on one thread; deeper ones are not told apart */

static THREAD_LOCAL struct turn turns[NESTED];
static THREAD_LOCAL unsigned depth;

static void begin(const char *name, enum turn_kind kind)
{
	struct executor *executor;
	OWN_CODE_SCOPE;

	if (!runtime_started || this_thread.vforked || this_thread.dead || depth++ >= NESTED)
		return;
	executor = executor_get(FAMILY_ANNOTATED, name ? name : "annotated", 0, CONFIDENCE_HIGH);
	if (!executor)
		return;
	executor_confirm(executor);
	turns[depth - 1].address = 0;
	turn_begin(&turns[depth - 1], executor, kind);
}

static void end(void)
{
	OWN_CODE_SCOPE;

	if (runtime_started && !this_thread.vforked && depth && --depth < NESTED)
		turn_end(&turns[depth]);
}

static void turn_begins(const char *executor)
{
	begin(executor, TURN_TASK);
}

static void offload_begins(void)
{
	begin(NULL, TURN_OFFLOAD);
}

static const struct yieldsan_marks marks = {
	turn_begins, end, offload_begins, end, allowance_begin, allowance_end,
};

/* The note's descriptor: see yieldsan.h. */
static void fill(const struct module *module, const uint64_t *descriptor)
{
	uintptr_t table = (uintptr_t)descriptor + descriptor[0];
	size_t size = descriptor[1] < sizeof marks ? descriptor[1] : sizeof marks;

	if (table >= module->start && table + size <= module->end)
		memcpy((void *)table, &marks, size);
}

static void read_notes(const struct module *module, uintptr_t at, uintptr_t last)
{
	static const char name[] = YIELDSAN_NOTE_NAME;

	while (at + sizeof(ElfW(Nhdr)) <= last) {
		const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
		uintptr_t note_name = at + sizeof *note;
		uintptr_t descriptor = note_name + ((note->n_namesz + 3) & ~3U);

		at = descriptor + ((note->n_descsz + 3) & ~3U);
		if (at <= last && note->n_type == YIELDSAN_NOTE_TYPE && note->n_descsz == 16 &&
		    note->n_namesz == sizeof name && !memcmp((void *)note_name, name, sizeof name))
			fill(module, (const uint64_t *)descriptor);
	}
}

void annotated_module_added(struct module *module)
{
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t at = module->base + segment->p_vaddr;

		if (segment->p_type == PT_NOTE)
			read_notes(module, at, at + segment->p_memsz);
	}
}
