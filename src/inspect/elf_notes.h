/* The notes of an ELF segment, one after the other. */
#ifndef INSPECT_ELF_NOTES_H
#define INSPECT_ELF_NOTES_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct elf_note {
	Elf64_Nhdr head;
	const char *name, *text; /* of head.n_namesz and head.n_descsz bytes, within the segment */
};

/*
 * Reads the note at `*at`, and moves there behind it. False at the end, and where a note claims to
 * be longer than the segment; only the padding of the last one may be missing.
 */
static inline bool elf_note_next(const char *notes, size_t size, size_t *at, struct elf_note *note)
{
	uint64_t name, text;
	size_t left;

	if (*at > size || size - *at < sizeof note->head)
		return false;
	memcpy(&note->head, notes + *at, sizeof note->head);
	*at += sizeof note->head;
	left = size - *at;
	name = ((uint64_t)note->head.n_namesz + 3) & ~UINT64_C(3);
	text = ((uint64_t)note->head.n_descsz + 3) & ~UINT64_C(3);
	if (name > left || note->head.n_descsz > left - name)
		return false;
	note->name = notes + *at;
	note->text = note->name + name;
	*at += name + (text < left - name ? text : left - name);
	return true;
}

static inline bool elf_note_is_of(const struct elf_note *note, const char *owner)
{
	return note->head.n_namesz == strlen(owner) + 1 &&
	       !memcmp(note->name, owner, note->head.n_namesz);
}

#endif
