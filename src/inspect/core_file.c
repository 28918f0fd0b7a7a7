#include "core_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract/trace_format.h"
#include "shared/arch/arch.h"
#include "support/memory.h"
#include "elf_notes.h"

#define MOST_SEGMENTS	(1U << 20)
#define MOST_CORE_NOTES (UINT64_C(256) << 20) /* bytes */

enum source_state { SOURCE_UNOPENED, SOURCE_OPEN, SOURCE_UNUSABLE };

struct core_source {
	const char *path;
	enum source_state state;
	int fd;
	uint64_t first; /* address of its first page; 0: not mapped */
};

/* The parts of opening. */
struct core_opening {
	struct core_file *core;
	const char *path;
	char *sentence;
	Elf64_Phdr *headers;
	size_t header_count;
};

__attribute__((format(printf, 2, 3))) static int refuse_core(const struct core_opening *opening,
							     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(opening->sentence, CORE_SENTENCE_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static bool read_core_at(const struct core_file *core, uint64_t offset, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got =
			pread(core->fd, (char *)to + done, size - done, (off_t)(offset + done));

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

bool core_file_is_core(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	Elf64_Ehdr header;
	bool is_core;

	if (fd < 0)
		return false;
	is_core = pread(fd, &header, sizeof header, 0) >= (ssize_t)offsetof(Elf64_Ehdr, e_entry) &&
		  !memcmp(header.e_ident, ELFMAG, SELFMAG) && header.e_type == ET_CORE;
	close(fd);
	return is_core;
}

/* A core with 65,535 segments or more has their number in its first section header. */
static int read_program_headers(struct core_opening *opening, const Elf64_Ehdr *header)
{
	struct core_file *core = opening->core;
	uint64_t count = header->e_phnum;
	Elf64_Shdr section;

	if (count == PN_XNUM) {
		if (!read_core_at(core, header->e_shoff, &section, sizeof section))
			return refuse_core(opening, "%s is cut off in its headers", opening->path);
		count = section.sh_info;
	}
	if (!count || count > MOST_SEGMENTS || header->e_phentsize != sizeof *opening->headers)
		return refuse_core(opening, "%s is a damaged core", opening->path);
	opening->header_count = count;
	opening->headers = memory_get(count * sizeof *opening->headers);
	if (!read_core_at(core, header->e_phoff, opening->headers,
			  count * sizeof *opening->headers))
		return refuse_core(opening, "%s is cut off in its headers", opening->path);
	return 0;
}

static int compare_segments(const void *a, const void *b)
{
	const struct core_segment *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

static int take_segments(struct core_opening *opening)
{
	struct core_file *core = opening->core;
	uint64_t missing = 0;

	core->segments = memory_get(opening->header_count * sizeof *core->segments);
	for (size_t i = 0; i < opening->header_count; i++) {
		const Elf64_Phdr *header = &opening->headers[i];

		if (header->p_type != PT_LOAD && header->p_type != PT_NOTE)
			continue;
		if (header->p_filesz > INT64_MAX || header->p_offset > INT64_MAX)
			return refuse_core(opening, "%s is a damaged core", opening->path);
		if (header->p_offset + header->p_filesz > core->size &&
		    header->p_offset + header->p_filesz - core->size > missing)
			missing = header->p_offset + header->p_filesz - core->size;
		if (header->p_type == PT_NOTE)
			continue;
		if (header->p_vaddr + header->p_memsz < header->p_vaddr ||
		    header->p_filesz > header->p_memsz)
			return refuse_core(opening, "%s is a damaged core", opening->path);
		core->segments[core->segment_count++] = (struct core_segment){
			.start = header->p_vaddr,
			.end = header->p_vaddr + header->p_memsz,
			.offset = header->p_offset,
			.file_size = header->p_filesz,
			.is_writable = header->p_flags & PF_W,
			.is_executable = header->p_flags & PF_X,
		};
	}
	if (missing)
		return refuse_core(opening,
				   "%s is cut short by %llu bytes, so nothing is claimed from it: "
				   "write it again (see ulimit -c, and the room on the disk)",
				   opening->path, (unsigned long long)missing);
	qsort(core->segments, core->segment_count, sizeof *core->segments, compare_segments);
	return 0;
}

static bool is_system_call_at(const struct core_file *core, uint64_t pc)
{
	uint8_t code[ARCH_SYSTEM_CALL_SIZE];

	return core_file_read(core, pc - sizeof code, code, sizeof code) == sizeof code &&
	       arch_is_system_call(code);
}

/* What the kernel leaves as the result of a call that waited and is to go on, or fails with EINTR:
 * ERESTARTSYS to ERESTART_RESTARTBLOCK (include/linux/errno.h). */
static bool is_interrupted(int64_t result)
{
	return result == -EINTR || (result >= -516 && result <= -512);
}

static void take_thread_note(struct core_file *core, const void *text, size_t size)
{
	struct elf_prstatus status;
	struct core_thread *thread;
	const elf_greg_t *registers = status.pr_reg;

	if (size < sizeof status)
		return;
	memcpy(&status, text, sizeof status);
	core->threads = memory_grow(core->threads, core->thread_count, &core->thread_room,
				    sizeof *core->threads);
	thread = &core->threads[core->thread_count++];
	thread->tid = status.pr_pid;
	thread->number = registers[ARCH_CORE_CALL];
	thread->waited = is_interrupted((int64_t)registers[ARCH_CORE_RESULT]);
	thread->wait = (struct thread_wait){
		.sp = registers[ARCH_CORE_SP],
		.pc = registers[ARCH_CORE_PC],
		.bp = registers[ARCH_CORE_BP],
		.bp_known = true,
		.arguments = ARCH_CORE_ARGUMENTS(registers),
	};
	if (core->thread_count == 1)
		core->signal = status.pr_cursig;
}

static size_t find_source(struct core_file *core, const char *path)
{
	for (size_t i = core->source_count; i--;)
		if (!strcmp(core->sources[i].path, path))
			return i;
	core->sources[core->source_count] = (struct core_source){ .path = path, .fd = -1 };
	return core->source_count++;
}

/* NT_FILE: count and page size; start, end and offset in pages of each mapping; their names. */
static void take_file_note(struct core_file *core, const char *text, size_t size)
{
	uint64_t head[2], place[3];
	const char *name, *end;

	if (core->mappings || size < sizeof head)
		return;
	memcpy(head, text, sizeof head);
	if (head[0] > (size - sizeof head) / sizeof place)
		return;
	core->names = memory_get(size + 1); /* ends with a NUL */
	memcpy(core->names, text, size);
	name = core->names + sizeof head + head[0] * sizeof place;
	end = core->names + size;
	core->mappings = memory_get((head[0] + 1) * sizeof *core->mappings);
	core->sources = memory_get((head[0] + 1) * sizeof *core->sources);
	for (uint64_t i = 0; i < head[0] && name < end; i++, name += strlen(name) + 1) {
		struct core_mapping *mapping = &core->mappings[core->mapping_count];

		memcpy(place, text + sizeof head + i * sizeof place, sizeof place);
		if (place[1] <= place[0] || *name != '/')
			continue;
		*mapping = (struct core_mapping){
			.start = place[0],
			.end = place[1],
			.offset = place[2] * head[1],
			.path = name,
			.source = find_source(core, name),
		};
		if (!mapping->offset && !core->sources[mapping->source].first)
			core->sources[mapping->source].first = mapping->start;
		core->mapping_count++;
	}
}

static void take_note(struct core_file *core, const Elf64_Nhdr *note, const char *text)
{
	struct elf_prpsinfo process;

	switch (note->n_type) {
	case NT_PRSTATUS:
		take_thread_note(core, text, note->n_descsz);
		break;
	case NT_FILE:
		take_file_note(core, text, note->n_descsz);
		break;
	case NT_PRPSINFO:
		if (note->n_descsz < sizeof process)
			break;
		memcpy(&process, text, sizeof process);
		core->pid = process.pr_pid;
		break;
	}
}

static void walk_notes(struct core_file *core, const char *notes, size_t size)
{
	struct elf_note note;
	size_t at = 0;

	while (elf_note_next(notes, size, &at, &note))
		if (elf_note_is_of(&note, "CORE"))
			take_note(core, &note.head, note.text);
}

static int take_notes(struct core_opening *opening)
{
	struct core_file *core = opening->core;

	for (size_t i = 0; i < opening->header_count; i++) {
		const Elf64_Phdr *header = &opening->headers[i];
		char *notes;

		if (header->p_type != PT_NOTE || !header->p_filesz)
			continue;
		if (header->p_filesz > MOST_CORE_NOTES)
			return refuse_core(opening, "%s is a damaged core", opening->path);
		notes = memory_get(header->p_filesz);
		if (read_core_at(core, header->p_offset, notes, header->p_filesz))
			walk_notes(core, notes, header->p_filesz);
		free(notes);
	}
	if (!core->thread_count || !core->mapping_count)
		return refuse_core(opening, "%s is a core without threads or mapped files",
				   opening->path);
	return 0;
}

/* Whether each thread waited in a system call: needs the code that it ran. */
static void judge_threads(struct core_file *core)
{
	for (size_t i = 0; i < core->thread_count; i++) {
		struct core_thread *thread = &core->threads[i];
		bool calls = thread->waited && thread->number < UINT32_MAX - 1 &&
			     is_system_call_at(core, thread->wait.pc);

		thread->wait.system_call = calls ? (uint32_t)thread->number + 1 : TRACE_PAGE_FAULT;
		if (!calls)
			memset(thread->wait.arguments, 0, sizeof thread->wait.arguments);
	}
	if (!core->pid)
		core->pid = core->threads[0].tid;
}

static int read_core_file(struct core_opening *opening)
{
	struct core_file *core = opening->core;
	struct stat status;
	Elf64_Ehdr header;
	int error;

	if (fstat(core->fd, &status))
		return -errno;
	core->size = (uint64_t)status.st_size;
	core->owner = status.st_uid;
	if (!read_core_at(core, 0, &header, sizeof header))
		return refuse_core(opening, "%s is cut off in its headers", opening->path);
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != ARCH_ELF_MACHINE)
		return refuse_core(
			opening, "%s is the core of a program for another machine than " ARCH_NAME,
			opening->path);
	error = read_program_headers(opening, &header);
	if (!error)
		error = take_segments(opening);
	if (!error)
		error = take_notes(opening);
	if (!error)
		judge_threads(core);
	return error;
}

int core_file_open(struct core_file *core, const char *path, const char *root,
		   char sentence[CORE_SENTENCE_SIZE])
{
	struct core_opening opening = { .core = core, .path = path, .sentence = sentence };
	int error;

	*sentence = '\0';
	*core = (struct core_file){ .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	core->root = memory_text(root ? root : "");
	error = core->fd < 0 ? -errno : read_core_file(&opening);
	free(opening.headers);
	if (!error)
		return 0;
	if (!*sentence)
		snprintf(sentence, CORE_SENTENCE_SIZE, "%s cannot be read: %s", path,
			 strerror(-error));
	core_file_close(core);
	return error;
}

void core_file_close(struct core_file *core)
{
	if (core->fd >= 0)
		close(core->fd);
	for (size_t i = 0; i < core->source_count; i++)
		if (core->sources[i].fd >= 0)
			close(core->sources[i].fd);
	free(core->root);
	free(core->segments);
	free(core->mappings);
	free(core->sources);
	free(core->threads);
	free(core->names);
	*core = (struct core_file){ .fd = -1 };
}

/* The segment that ends after an address; segment_count: none. */
static size_t segment_after(const struct core_file *core, uint64_t address)
{
	size_t low = 0, high = core->segment_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (core->segments[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What the core has itself. */
static size_t read_segment(const struct core_file *core, uint64_t address, void *to, size_t size)
{
	size_t number = segment_after(core, address);
	const struct core_segment *segment = &core->segments[number];

	if (number == core->segment_count || address < segment->start ||
	    address - segment->start >= segment->file_size)
		return 0;
	if (size > segment->file_size - (address - segment->start))
		size = segment->file_size - (address - segment->start);
	return read_core_at(core, segment->offset + (address - segment->start), to, size) ? size
											  : 0;
}

/* The first page of a loaded object has its build-id, and nothing in it changes: if the core's
 * agrees with the file's, the file is the one that was loaded. */
static bool open_source(const struct core_file *core, struct core_source *source)
{
	char path[4096], loaded[ARCH_PAGE], here[ARCH_PAGE];

	if (source->state != SOURCE_UNOPENED)
		return source->state == SOURCE_OPEN;
	source->state = SOURCE_UNUSABLE;
	if (!source->first ||
	    read_segment(core, source->first, loaded, sizeof loaded) != sizeof loaded)
		return false;
	snprintf(path, sizeof path, "%s%s", core->root, source->path);
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (source->fd < 0 || pread(source->fd, here, sizeof here, 0) != sizeof here ||
	    memcmp(here, loaded, sizeof here) != 0)
		return false;
	source->state = SOURCE_OPEN;
	return true;
}

static size_t read_source(const struct core_file *core, uint64_t address, void *to, size_t size)
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *mapping = &core->mappings[i];
		struct core_source *source = &core->sources[mapping->source];
		ssize_t got;

		if (address < mapping->start || address >= mapping->end)
			continue;
		if (!open_source(core, source))
			return 0;
		if (size > mapping->end - address)
			size = mapping->end - address;
		got = pread(source->fd, to, size,
			    (off_t)(mapping->offset + (address - mapping->start)));
		return got > 0 ? (size_t)got : 0;
	}
	return 0;
}

size_t core_file_read(const struct core_file *core, uint64_t address, void *to, size_t size)
{
	size_t done = 0, got;

	do {
		size_t number = segment_after(core, address + done), part = size - done;

		got = read_segment(core, address + done, (char *)to + done, part);
		if (got)
			continue;
		/* Up to the next part that was dumped. */
		if (number < core->segment_count && core->segments[number].start > address + done &&
		    part > core->segments[number].start - (address + done))
			part = core->segments[number].start - (address + done);
		got = read_source(core, address + done, (char *)to + done, part);
	} while (got && (done += got) < size);
	return done;
}

bool core_file_wait(const struct core_file *core, int32_t tid, struct thread_wait *wait)
{
	for (size_t i = 0; i < core->thread_count; i++)
		if (core->threads[i].tid == tid) {
			*wait = core->threads[i].wait;
			return true;
		}
	return false;
}
