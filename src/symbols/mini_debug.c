#include "mini_debug.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define MAX_UNPACKED ((size_t)1 << 28) /* unpacked: the largest programs need a tenth of it */

/* lzma/container.h; values of lzma_ret. */
#define LZMA_OK	       0
#define LZMA_BUF_ERROR 10
typedef int stream_buffer_decode(uint64_t *memory_limit, uint32_t flags, const void *allocator,
				 const uint8_t *in, size_t *in_pos, size_t in_size, uint8_t *out,
				 size_t *out_pos, size_t out_size);

/* Linked into the static command. */
extern stream_buffer_decode lzma_stream_buffer_decode __attribute__((weak));

static stream_buffer_decode *find_decoder(void)
{
	stream_buffer_decode *decode = lzma_stream_buffer_decode;
	void *handle, *symbol;

	if (decode)
		return decode;
	handle = dlopen("liblzma.so.5", RTLD_LAZY);
	symbol = handle ? dlsym(handle, "lzma_stream_buffer_decode") : NULL;
	memcpy(&decode, &symbol, sizeof symbol);
	return decode;
}

static Elf_Data *mini_debug_find_section(Elf *elf)
{
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section;
	     section = elf_nextscn(elf, section)) {
		const char *name;
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_PROGBITS &&
		    (name = elf_strptr(elf, names, header.sh_name)) &&
		    !strcmp(name, ".gnu_debugdata"))
			return elf_rawdata(section, NULL);
	}
	return NULL;
}

/* The caller frees it; NULL if it is damaged or too large. libdw, which we link, needs liblzma. */
static void *mini_debug_unpack(const Elf_Data *packed, size_t *size)
{
	stream_buffer_decode *decode = find_decoder();

	for (size_t room = 8 * packed->d_size; decode && room <= MAX_UNPACKED; room *= 2) {
		uint64_t limit = MAX_UNPACKED;
		uint8_t *bytes = memory_get(room);
		size_t from = 0;
		int status;

		*size = 0;
		status = decode(&limit, 0, NULL, packed->d_buf, &from, packed->d_size, bytes, size,
				room);
		if (status == LZMA_OK)
			return bytes;
		free(bytes);
		if (status != LZMA_BUF_ERROR)
			break;
	}
	return NULL;
}

int mini_debug_open(struct elf_file *file, const struct elf_file *object)
{
	Elf_Data *packed = object->elf ? mini_debug_find_section(object->elf) : NULL;
	size_t size;

	*file = (struct elf_file){ .fd = -1 };
	elf_version(EV_CURRENT);
	if (!packed || !packed->d_buf || !packed->d_size)
		return -ENOENT;
	file->memory = mini_debug_unpack(packed, &size);
	file->elf = file->memory ? elf_memory(file->memory, size) : NULL;
	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return 0;
	elf_file_close(file);
	return -ENOENT;
}
