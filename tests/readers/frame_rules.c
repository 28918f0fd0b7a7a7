/*
 * Prints the layout of frames at evenly spaced addresses of a program's code, as the runtime would
 * ask libunwind for it. The file is mapped as the loader does, and not run.
 * usage: frame_rules COUNT FILE...
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/modules/module_image.h"
#include "runtime/modules/modules.h"
#include "runtime/unwind/unwind_ask.h"

#define PAGE 4096ul

static void fail(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(1);
}

static struct dl_phdr_info map(const char *path)
{
	int fd = open(path, O_RDONLY);
	static ElfW(Ehdr) header;
	ElfW(Phdr) * headers;
	struct dl_phdr_info info = { .dlpi_name = path };
	uintptr_t end = 0;
	char *base;

	if (fd < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
		fail(path, "cannot be read");
	headers = calloc(header.e_phnum, sizeof *headers);
	if (pread(fd, headers, header.e_phnum * sizeof *headers, (off_t)header.e_phoff) < 0)
		fail(path, "cannot be read");
	for (unsigned i = 0; i < header.e_phnum; i++)
		if (headers[i].p_type == PT_LOAD)
			end = headers[i].p_vaddr + headers[i].p_memsz;
	/* A program that is not relocatable would lie where this one does: take it elsewhere. */
	base = mmap(NULL, end + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (base == MAP_FAILED)
		fail(path, "no room");
	for (unsigned i = 0; i < header.e_phnum; i++) {
		uintptr_t from = headers[i].p_vaddr & -PAGE, skip = headers[i].p_vaddr - from;

		if (headers[i].p_type == PT_LOAD && headers[i].p_filesz &&
		    mmap(base + from, headers[i].p_filesz + skip, PROT_READ,
			 MAP_PRIVATE | MAP_FIXED, fd,
			 (off_t)(headers[i].p_offset - skip)) == MAP_FAILED)
			fail(path, "cannot be mapped");
	}
	close(fd);
	info.dlpi_addr = (uintptr_t)base;
	info.dlpi_phdr = headers;
	info.dlpi_phnum = header.e_phnum;
	return info;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

	for (int i = 2; i < argc; i++) {
		struct dl_phdr_info info = map(argv[i]);
		struct module module;
		uintptr_t size;

		if (!module_describe(&info, &module))
			fail(argv[i], "is no module");
		size = module.text_end - module.text_start;
		for (unsigned long n = 0; n < count; n++) {
			uint64_t rule = 0;

			if (!unwind_ask(&module, module.text_start + size / count * n, &rule))
				fail(argv[i], "was not answered");
			printf("%d %lx %" PRIx64 "\n", i, size / count * n, rule);
		}
	}
	fprintf(stderr, "%d\n", (int)unwind_library);
	return 0;
}
