#include "module_image.h"

#include <string.h>

static size_t align_up(size_t value, size_t align)
{
	return (value + align - 1) & ~(align - 1);
}

size_t notes_build_id(const uint8_t *notes, size_t size, size_t align, uint8_t id[BUILD_ID_SIZE])
{
	size_t at = 0;

	/* Padded to four bytes, or to eight if the segment says so (gABI, Note Section). */
	align = align == 8 ? 8 : 4;
	while (size - at >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)(notes + at);
		size_t name = at + sizeof *note;
		size_t text = align_up(name + note->n_namesz, align);
		size_t next = align_up(text + note->n_descsz, align);

		if (text > size || note->n_descsz > size - text)
			return 0;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
		    !memcmp(notes + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU)) {
			size = note->n_descsz < BUILD_ID_SIZE ? note->n_descsz : BUILD_ID_SIZE;
			memcpy(id, notes + text, size);
			return size;
		}
		if (next > size)
			return 0;
		at = next;
	}
	return 0;
}

static void describe_segment(struct module *module, const ElfW(Phdr) * segment)
{
	uintptr_t start = module->base + segment->p_vaddr;
	uintptr_t end = start + segment->p_memsz;

	if (start < module->start)
		module->start = start;
	if (end > module->end)
		module->end = end;
	if (!(segment->p_flags & PF_X))
		return;
	if (!module->text_start || start < module->text_start)
		module->text_start = start;
	if (end > module->text_end)
		module->text_end = end;
}

static void describe_notes(struct module *module, const ElfW(Phdr) * notes)
{
	uintptr_t start = module->base + notes->p_vaddr;
	uintptr_t end = module_readable_until(module, start);

	if (module->build_id_size || !end || notes->p_memsz > end - start)
		return;
	module->build_id_size = (uint32_t)notes_build_id((const uint8_t *)start, notes->p_memsz,
							 notes->p_align, module->build_id);
}

static void describe_dynamic(struct module *module, uintptr_t address)
{
	const ElfW(Dyn) * entry;

	module->dynamic = address;
	for (entry = (const ElfW(Dyn) *)address; entry->d_tag != DT_NULL; entry++) {
		module->has_rpath |= entry->d_tag == DT_RPATH;
		module->has_runpath |= entry->d_tag == DT_RUNPATH;
	}
}

bool module_describe(const struct dl_phdr_info *info, struct module *module)
{
	memset(module, 0, sizeof *module);
	module->base = info->dlpi_addr;
	module->phdr = info->dlpi_phdr;
	module->phnum = info->dlpi_phnum;
	module->start = UINTPTR_MAX;
	for (unsigned i = 0; i < module->phnum; i++)
		if (module->phdr[i].p_type == PT_LOAD)
			describe_segment(module, &module->phdr[i]);
	if (!module->end)
		return false;
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *header = &module->phdr[i];
		uintptr_t address = module->base + header->p_vaddr;

		switch (header->p_type) {
		case PT_DYNAMIC:
			describe_dynamic(module, address);
			break;
		case PT_GNU_EH_FRAME:
			module->eh_frame_hdr = address;
			break;
		case PT_GNU_RELRO:
			module->relro_start = address;
			module->relro_end = address + header->p_memsz;
			break;
		case PT_NOTE:
			describe_notes(module, header);
			break;
		case PT_TLS:
			module->tls_size = header->p_memsz;
			module->tls_id = info->dlpi_tls_modid;
			break;
		}
	}
	return true;
}

uintptr_t module_readable_until(const struct module *module, uintptr_t address)
{
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t start = module->base + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) && address >= start &&
		    address - start < segment->p_memsz)
			return start + segment->p_memsz;
	}
	return 0;
}
