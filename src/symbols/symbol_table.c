#include "symbol_table.h"

#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "support/memory.h"

static Elf_Scn *section_of_type(Elf *elf, GElf_Word type, GElf_Shdr *header)
{
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section;
	     section = elf_nextscn(elf, section))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

static bool symbol_is_function(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_value;
}

/* Ranks names of one address: prefers those that are global and do not start with underscores. */
static int symbol_rank(const GElf_Sym *symbol, const char *name)
{
	int binding = GELF_ST_BIND(symbol->st_info);

	return (binding == STB_GLOBAL ? 4 : binding == STB_WEAK ? 2 : 0) + (name[0] != '_');
}

static void symbol_table_add_section(struct symbol_table *table, Elf *elf, Elf_Scn *section,
				     const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || !symbol_is_function(&symbol))
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (!name || !*name)
			continue;
		table->names =
			memory_grow(table->names, table->count, &table->room, sizeof *table->names);
		table->names[table->count] = name;
		/* The rank is in the upper bits, so that of equal spans the best sorts last. */
		spans_add(&table->spans, symbol.st_value,
			  symbol.st_value + (symbol.st_size ? symbol.st_size : 1),
			  (size_t)symbol_rank(&symbol, name) << 48 | table->count);
		table->count++;
	}
}

void symbol_table_add(struct symbol_table *table, const struct elf_file *file)
{
	GElf_Shdr header;
	Elf_Scn *section;

	if (!file->elf)
		return;
	section = section_of_type(file->elf, SHT_SYMTAB, &header);
	table->whole |= section != NULL;
	if (!section)
		section = section_of_type(file->elf, SHT_DYNSYM, &header);
	if (section)
		symbol_table_add_section(table, file->elf, section, &header);
}

/* A function without a size (hand-written assembly) extends to the next one. */
void symbol_table_sort(struct symbol_table *table)
{
	struct spans *spans = &table->spans;

	spans_sort(spans);
	for (size_t i = 0; i + 1 < spans->count; i++)
		if (spans->items[i].high == spans->items[i].low + 1 &&
		    spans->items[i + 1].low > spans->items[i].high)
			spans->items[i].high = spans->items[i + 1].low;
	spans_sort(spans);
}

const char *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	const struct span *span = spans_find(&table->spans, address);

	return span ? table->names[span->value & (((size_t)1 << 48) - 1)] : NULL;
}

static const char *symbol_name_of(const struct symbol_table *table, const struct span *span)
{
	return table->names[span->value & (((size_t)1 << 48) - 1)];
}

/* A constructor's variants have the same demangled name. */
static bool have_one_name(const char *one, const char *other)
{
	const char *language;
	char *a = demangle(one, &language), *b = demangle(other, &language);
	bool same = a && b && !strcmp(a, b);

	free(a);
	free(b);
	return same;
}

static bool is_mangled(const char *symbol)
{
	return symbol[0] == '_' && (symbol[1] == 'Z' || symbol[1] == 'R');
}

bool symbol_table_is_shared(const struct symbol_table *table, uint64_t address)
{
	const struct span *span = spans_find(&table->spans, address), *first = table->spans.items;
	const char *name = span ? symbol_name_of(table, span) : "";

	if (!is_mangled(name))
		return false;
	for (const struct span *other = span; other-- > first && other->low == span->low;)
		if (other->high == span->high && is_mangled(symbol_name_of(table, other)) &&
		    !have_one_name(name, symbol_name_of(table, other)))
			return true;
	return false;
}

/* A length followed by as many bytes, as in both Rust manglings; NULL if there is none. */
static const char *name_identifier(const char *text, size_t *length)
{
	char *end;

	*length = strtoul(text, &end, 10);
	if (end == text || end - text > 3 || strnlen(end, *length) < *length)
		return NULL;
	return end;
}

/* The crate of "_ZN3app4main17h0123456789abcdefE" and "_RNvCsf3_3app4main"; NULL for others. */
static const char *crate_of_main(const char *symbol, size_t *length)
{
	static const char legacy[] = "4main17h", v0[] = "4main";
	const char *crate, *rest;

	if (!strncmp(symbol, "_ZN", 3)) {
		crate = name_identifier(symbol + 3, length);
		rest = crate ? crate + *length : "";
		return !strncmp(rest, legacy, sizeof legacy - 1) &&
				       strlen(rest) == sizeof legacy - 1 + 17
			       ? crate
			       : NULL;
	}
	if (strncmp(symbol, "_RNvC", 5) != 0)
		return NULL;
	symbol += 5;
	if (*symbol == 's')
		symbol += strcspn(symbol, "_") + (strchr(symbol, '_') != NULL);
	crate = name_identifier(symbol, length);
	return crate && !strcmp(crate + *length, v0) ? crate : NULL;
}

/* "my-app-0123456789abcdef", cargo's name for a test, belongs to crate my_app. */
static bool is_named_after_crate(const char *file_name, const char *crate, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (file_name[i] != crate[i] && !(file_name[i] == '-' && crate[i] == '_'))
			return false;
	return !file_name[length] || file_name[length] == '-' || file_name[length] == '.';
}

bool symbol_rust_main(const struct elf_file *file, const char *file_name,
		      char crate[SYMBOL_CRATE_SIZE], uint64_t *address)
{
	GElf_Shdr header;
	Elf_Scn *section = file->elf ? section_of_type(file->elf, SHT_SYMTAB, &header) : NULL;
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	size_t count = data && header.sh_entsize ? header.sh_size / header.sh_entsize : 0;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const char *symbol, *name;
		size_t length;
		GElf_Sym entry;
		bool named;

		if (!gelf_getsym(data, (int)i, &entry) || !symbol_is_function(&entry))
			continue;
		symbol = elf_strptr(file->elf, header.sh_link, entry.st_name);
		name = symbol ? crate_of_main(symbol, &length) : NULL;
		if (!name || length >= SYMBOL_CRATE_SIZE)
			continue;
		named = is_named_after_crate(file_name, name, length);
		if (found++ && !named)
			continue;
		memcpy(crate, name, length);
		crate[length] = '\0';
		*address = entry.st_value;
		if (named)
			return true;
	}
	return found == 1;
}

void symbol_table_deinit(struct symbol_table *table)
{
	spans_deinit(&table->spans);
	free(table->names);
	memset(table, 0, sizeof *table);
}
