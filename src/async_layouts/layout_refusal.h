/* Why a file has no layout: one sentence with the file and what to do. */
#ifndef DEBUG_INFO_LAYOUT_REFUSAL_H
#define DEBUG_INFO_LAYOUT_REFUSAL_H

#include "symbols/elf_file.h"
#include "contract/layout.h"

/* It could not be opened; `error` is a negative errno. */
void layout_refuse_unopened(const char *path, int error, char sentence[LAYOUT_SENTENCE_SIZE]);

/* It is an ELF file, but not a complete program or library. False, without a sentence, if it is. */
bool layout_refuse_kind(const struct elf_file *object, const char *path,
			char sentence[LAYOUT_SENTENCE_SIZE]);

/* Neither the file nor `debug', its debug file (not open: there is none),
 * has usable information. */
void layout_refuse_lack(const struct elf_file *object, const struct elf_file *debug,
			const char *path, char sentence[LAYOUT_SENTENCE_SIZE]);

#endif
