#include "layout_refusal.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debug_file.h"
#include "symbols/lack.h"

#define PART_OF "scan the program or library that it becomes a part of"

/* Files that users pass by mistake, by their first bytes. */
static const struct {
	const char *bytes;
	size_t size;
	const char *reason;
} others[] = {
	{ "!<arch>\n", 8, "it is an archive (.a, .rlib): " PART_OF },
	{ "!<thin>\n", 8, "it is an archive (.a): " PART_OF },
	{ "#!", 2, "it is a script: scan the program that it starts" },
	{ "\177ELF", 4, "its ELF header is cut short or damaged: make it anew" },
};

static const char *other_reason(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *reason = "it is not an ELF file";
	char bytes[8];
	ssize_t size = file < 0 ? 0 : read(file, bytes, sizeof bytes);

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (size >= (ssize_t)others[i].size &&
		    !memcmp(bytes, others[i].bytes, others[i].size))
			reason = others[i].reason;
	if (file >= 0)
		close(file);
	return reason;
}

static const char *reason_of(const char *path, int error)
{
	struct stat status;

	if (error == -ENOENT)
		return "there is no such file";
	if (error != -ENOEXEC)
		return strerror(-error);
	if (stat(path, &status) || S_ISREG(status.st_mode))
		return other_reason(path);
	return S_ISDIR(status.st_mode) ? "it is a directory" : "it is not an ELF file";
}

static void layout_refuse(char sentence[LAYOUT_SENTENCE_SIZE], const char *path, const char *reason)
{
	snprintf(sentence, LAYOUT_SENTENCE_SIZE, "%s cannot be scanned: %s", path, reason);
}

void layout_refuse_unopened(const char *path, int error, char sentence[LAYOUT_SENTENCE_SIZE])
{
	layout_refuse(sentence, path, reason_of(path, error));
}

/* Linkers write the section table last. */
static bool is_cut_short(const struct elf_file *object, const GElf_Ehdr *header)
{
	uint64_t sections = (uint64_t)header->e_shnum * header->e_shentsize, end = header->e_shoff;
	struct stat status;
	GElf_Phdr segment;

	if (fstat(object->fd, &status) || __builtin_add_overflow(end, sections, &end) ||
	    end > (uint64_t)status.st_size)
		return true;
	for (int i = 0; i < header->e_phnum; i++)
		if (!gelf_getphdr(object->elf, i, &segment) ||
		    __builtin_add_overflow(segment.p_offset, segment.p_filesz, &end) ||
		    (segment.p_type == PT_LOAD && end > (uint64_t)status.st_size))
			return true;
	return false;
}

/* As objcopy --only-keep-debug leaves it: code sections have addresses but no content. */
static bool is_debug_file(const struct elf_file *object)
{
	bool has_places = false;
	GElf_Shdr header;

	for (Elf_Scn *section = elf_nextscn(object->elf, NULL); section;
	     section = elf_nextscn(object->elf, section)) {
		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
			continue;
		if (header.sh_type != SHT_NOBITS)
			return false;
		has_places = true;
	}
	return has_places;
}

/* NULL for programs and libraries. */
static const char *kind_reason(const struct elf_file *object)
{
	GElf_Ehdr header;

	if (!gelf_getehdr(object->elf, &header))
		return "its ELF header is cut short or damaged: make it anew";
	switch (header.e_type) {
	case ET_EXEC:
	case ET_DYN:
		break;
	case ET_REL:
		return "it is not linked: " PART_OF;
	case ET_CORE:
		return "it is a core file: scan the program that left it";
	default:
		return "it is no program or library";
	}
	if (is_debug_file(object))
		return "it holds debug information and no code: scan the program that it belongs "
		       "to, with this file where its .gnu_debuglink says";
	return is_cut_short(object, &header) ? "it is cut short: parts that it names lie behind "
					       "its end; copy or build it "
					       "anew"
					     : NULL;
}

bool layout_refuse_kind(const struct elf_file *object, const char *path,
			char sentence[LAYOUT_SENTENCE_SIZE])
{
	const char *reason = kind_reason(object);

	if (reason)
		layout_refuse(sentence, path, reason);
	return reason;
}

void layout_refuse_lack(const struct elf_file *object, const struct elf_file *debug,
			const char *path, char sentence[LAYOUT_SENTENCE_SIZE])
{
	GElf_Word sum;
	const char *link = dwelf_elf_gnu_debuglink(object->elf, &sum);

	if (lack_is_unreadable(object) || lack_is_unreadable(debug))
		snprintf(sentence, LAYOUT_SENTENCE_SIZE,
			 "%s cannot be scanned: its debug information is packed in a way (zstd) "
			 "that the elfutils here cannot read; `objcopy "
			 "--decompress-debug-sections %s' makes it plain",
			 path, debug->elf ? link ? link : "FILE.debug" : path);
	else if (link && !debug->elf)
		snprintf(sentence, LAYOUT_SENTENCE_SIZE,
			 "%s cannot be scanned: its debug information was moved to %s, which is "
			 "neither beside it, in .debug, nor below " DEBUG_FILE_ROOT
			 ", or is of another build; put the right one there",
			 path, link);
	else
		layout_refuse(sentence, path,
			      "it has no debug information; build it with debuginfo=2 (cargo's dev "
			      "profile, or `debug = 2' in the profile; of C++ with -g), and do not "
			      "strip it");
}
