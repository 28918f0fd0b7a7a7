#include "python_source.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/process_image.h"
#include "inspect/trace_file.h"
#include "support/memory.h"

#define MOST_HEADERS 64
#define MOST_DYNAMIC 256
#define MOST_CHAIN   65536
#define SYMBOL_SIZE  64

static bool read_program(const void *source, uint64_t address, void *to, size_t size)
{
	return process_memory_read(source, address, to, size) == size;
}

void python_source_add(struct python_source *source, const struct python_mapping *mapping)
{
	source->mappings = memory_grow(source->mappings, source->count, &source->room,
				       sizeof *source->mappings);
	source->mappings[source->count] = *mapping;
	source->mappings[source->count++].path = memory_text(mapping->path);
}

static void add_map_line(struct python_source *source, const char *line)
{
	char rights[5] = "";
	int path = 0;
	struct python_mapping mapping = { 0 };

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &mapping.start,
		   &mapping.end, rights, &mapping.offset, &path) < 4 ||
	    rights[0] != 'r')
		return;
	mapping.is_writable = rights[1] == 'w';
	mapping.is_private = rights[3] == 'p';
	mapping.path = (char *)line + path;
	if (path && mapping.path[0] == '[' && strncmp(mapping.path, "[heap", 5) != 0 &&
	    strncmp(mapping.path, "[stack", 6) != 0 && strncmp(mapping.path, "[anon", 5) != 0)
		return; /* the kernel's own */
	python_source_add(source, &mapping);
}

static void read_maps(struct python_source *source, pid_t pid)
{
	FILE *maps = process_maps(pid);
	char *line = NULL;
	size_t room = 0;

	while (maps && getline(&line, &room, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		add_map_line(source, line);
	}
	free(line);
	if (maps)
		fclose(maps);
}

static void take_image(struct python_source *source, const struct process_image *image)
{
	for (size_t i = 0; i < image->mapping_count; i++) {
		const struct image_mapping *mapping = &image->mappings[i];

		if (mapping->is_readable)
			python_source_add(source,
					  &(struct python_mapping){
						  .start = mapping->start,
						  .end = mapping->end,
						  .offset = mapping->offset,
						  .is_writable = mapping->is_writable,
						  .is_private = mapping->is_private,
						  .path = mapping->path ? mapping->path : "",
					  });
	}
}

bool python_source_open(struct python_source *source, const struct trace_file *trace)
{
	memset(source, 0, sizeof *source);
	if (!trace_file_memory(trace, &source->memory))
		return false;
	source->read = read_program;
	source->source = &source->memory;
	touched_memory_open(&source->touched,
			    trace->image && trace->image->is_core ? 0 : trace->header->pid);
	if (trace->image)
		take_image(source, trace->image);
	else
		read_maps(source, trace->header->pid);
	if (source->count)
		return true;
	python_source_close(source);
	return false;
}

void python_source_close(struct python_source *source)
{
	for (size_t i = 0; i < source->count; i++)
		free(source->mappings[i].path);
	free(source->mappings);
	process_memory_close(&source->memory);
	touched_memory_close(&source->touched);
	memset(source, 0, sizeof *source);
	source->memory.fd = source->touched.pages = -1;
}

/* The tables of one loaded object that a look-up of a symbol needs. */
struct symbol_tables {
	const struct python_source *source;
	uint64_t bias, symbols, names, hash;
};

static bool read_object_file(const struct symbol_tables *tables, uint64_t address, void *to,
			     size_t size)
{
	return tables->source->read(tables->source->source, address, to, size);
}

static void take_dynamic(struct symbol_tables *tables, uint64_t address)
{
	Elf64_Dyn entry;

	for (size_t i = 0; i < MOST_DYNAMIC; i++, address += sizeof entry) {
		if (!read_object_file(tables, address, &entry, sizeof entry) ||
		    entry.d_tag == DT_NULL)
			return;
		/* The loader adds the bias in place, except in objects that it may not write. */
		if (entry.d_un.d_ptr < tables->bias)
			entry.d_un.d_ptr += tables->bias;
		if (entry.d_tag == DT_SYMTAB)
			tables->symbols = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_STRTAB)
			tables->names = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_GNU_HASH)
			tables->hash = entry.d_un.d_ptr;
	}
}

static bool find_tables(struct symbol_tables *tables, uint64_t start)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint64_t dynamic = 0;
	bool has_bias = false;

	if (!read_object_file(tables, start, &header, sizeof header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof segment)
		return false;
	for (size_t i = 0; i < header.e_phnum && i < MOST_HEADERS; i++) {
		if (!read_object_file(tables, start + header.e_phoff + i * sizeof segment, &segment,
				      sizeof segment))
			return false;
		if (segment.p_type == PT_LOAD && !has_bias) {
			tables->bias = start - (segment.p_vaddr & -UINT64_C(4096));
			has_bias = true;
		}
		if (segment.p_type == PT_DYNAMIC)
			dynamic = segment.p_vaddr;
	}
	if (!dynamic || !has_bias)
		return false;
	take_dynamic(tables, tables->bias + dynamic);
	return tables->symbols && tables->names && tables->hash;
}

static uint32_t symbol_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static uint64_t value_if_named(const struct symbol_tables *tables, uint32_t number,
			       const char *name)
{
	char text[SYMBOL_SIZE];
	size_t size = strlen(name) + 1;
	Elf64_Sym symbol;

	if (size > sizeof text ||
	    !read_object_file(tables, tables->symbols + number * sizeof symbol, &symbol,
			      sizeof symbol) ||
	    symbol.st_shndx == SHN_UNDEF ||
	    !read_object_file(tables, tables->names + symbol.st_name, text, size) ||
	    memcmp(text, name, size) != 0)
		return 0;
	return tables->bias + symbol.st_value;
}

/* The format of DT_GNU_HASH: counts, a filter, buckets, chains. */
static uint64_t find_in_table(const struct symbol_tables *tables, const char *name)
{
	uint32_t head[4], number, link, hash = symbol_hash(name);
	uint64_t buckets, chains, value;

	if (!read_object_file(tables, tables->hash, head, sizeof head) || !head[0])
		return 0;
	buckets = tables->hash + sizeof head + head[2] * sizeof(uint64_t);
	chains = buckets + head[0] * sizeof(uint32_t);
	if (!read_object_file(tables, buckets + hash % head[0] * sizeof number, &number,
			      sizeof number) ||
	    number < head[1])
		return 0;
	for (size_t i = 0; i < MOST_CHAIN; i++, number++) {
		if (!read_object_file(tables, chains + (number - head[1]) * sizeof link, &link,
				      sizeof link))
			return 0;
		if ((link | 1) == (hash | 1)) {
			value = value_if_named(tables, number, name);
			if (value)
				return value;
		}
		if (link & 1)
			return 0;
	}
	return 0;
}

uint64_t python_source_symbol(const struct python_source *source, const char *name)
{
	for (size_t i = 0; i < source->count; i++) {
		struct symbol_tables tables = { .source = source };
		uint64_t address;

		if (source->mappings[i].offset || source->mappings[i].path[0] != '/' ||
		    !find_tables(&tables, source->mappings[i].start))
			continue;
		address = find_in_table(&tables, name);
		if (address)
			return address;
	}
	return 0;
}
