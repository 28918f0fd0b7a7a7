#include "process_image.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/arch/arch.h"
#include "support/memory.h"
#include "elf_notes.h"

#define MOST_HEADERS	  64   /* program headers of a loaded object */
#define MOST_MODULE_NOTES 4096 /* bytes of its notes */
#define DELETED		  " (deleted)"
#define OWN_LIBRARY	  "libyieldsan.so"

static struct image_mapping *add_mapping(struct process_image *image)
{
	image->mappings = memory_grow(image->mappings, image->mapping_count, &image->mapping_room,
				      sizeof *image->mappings);
	memset(&image->mappings[image->mapping_count], 0, sizeof *image->mappings);
	return &image->mappings[image->mapping_count++];
}

static int read_mappings(struct process_image *image)
{
	FILE *maps = process_maps(image->pid);
	char *line = NULL;
	size_t room = 0;

	if (!maps)
		return -errno;
	errno = 0;
	while (getline(&line, &room, maps) > 0) {
		struct image_mapping *mapping, seen = { 0 };
		char rights[5];
		int path = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &seen.start,
			   &seen.end, rights, &seen.offset, &path) < 4)
			continue;
		mapping = add_mapping(image);
		*mapping = seen;
		mapping->is_readable = rights[0] == 'r';
		mapping->is_writable = rights[1] == 'w';
		mapping->is_executable = rights[2] == 'x';
		mapping->is_private = rights[3] == 'p';
		if (path && line[path] == '/')
			mapping->path = memory_text(line + path);
		/* The kernel's own pages. */
		if (path && line[path] == '[' && strcmp(line + path, "[heap]") != 0 &&
		    strncmp(line + path, "[stack", 6) != 0 && strncmp(line + path, "[anon", 5) != 0)
			mapping->is_readable = false;
	}
	free(line);
	fclose(maps);
	return image->mapping_count ? 0 : -ESRCH;
}

/* The file of a mapping: in the process's own root directory, which may be a container's. */
static char *file_of_mapping(const struct process_image *image, const struct image_mapping *mapping)
{
	size_t length = strlen(mapping->path);
	const char *found = image->root;
	char *file;

	if (length > sizeof DELETED - 1 &&
	    !strcmp(mapping->path + length - (sizeof DELETED - 1), DELETED)) {
		if (asprintf(&file, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)image->pid,
			     mapping->start, mapping->end) < 0)
			memory_exhausted();
		if (!access(file, R_OK))
			return file;
		free(file);
		/* Only the program itself can be opened without further rights. */
		if (image->module_count || image->is_core)
			return NULL;
		if (asprintf(&file, "/proc/%d/exe", (int)image->pid) < 0)
			memory_exhausted();
		return file;
	}
	if (asprintf(&file, "%s%s", found, mapping->path) < 0)
		memory_exhausted();
	if (!access(file, R_OK))
		return file;
	free(file);
	return NULL;
}

static void take_build_id(struct image_module *module, const char *notes, size_t size)
{
	struct elf_note note;
	size_t at = 0;

	while (elf_note_next(notes, size, &at, &note)) {
		if (note.head.n_type != NT_GNU_BUILD_ID || !elf_note_is_of(&note, "GNU") ||
		    note.head.n_descsz > sizeof module->build_id)
			continue;
		memcpy(module->build_id, note.text, note.head.n_descsz);
		module->build_id_size = note.head.n_descsz;
		return;
	}
}

/* What the process has in memory, not what the file is now. */
static bool read_module(const struct process_image *image, const struct image_mapping *first,
			struct image_module *module)
{
	Elf64_Phdr headers[MOST_HEADERS];
	char notes[MOST_MODULE_NOTES];
	Elf64_Ehdr header;
	uint64_t low = UINT64_MAX, high = 0;
	size_t count;

	if (process_memory_read(&image->memory, first->start, &header, sizeof header) !=
		    sizeof header ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != ARCH_ELF_MACHINE ||
	    header.e_phentsize != sizeof *headers || header.e_phnum > MOST_HEADERS ||
	    (header.e_type != ET_DYN && header.e_type != ET_EXEC))
		return false;
	count = header.e_phnum;
	if (process_memory_read(&image->memory, first->start + header.e_phoff, headers,
				count * sizeof *headers) != count * sizeof *headers)
		return false;
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_LOAD) {
			if (headers[i].p_vaddr < low)
				low = headers[i].p_vaddr;
			if (headers[i].p_vaddr + headers[i].p_memsz > high)
				high = headers[i].p_vaddr + headers[i].p_memsz;
		}
	if (low >= high)
		return false;
	module->base = first->start - (low & ~(uint64_t)(ARCH_PAGE - 1));
	module->start = first->start;
	module->end = module->base + high;
	module->text_start = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		uint64_t start = module->base + headers[i].p_vaddr;

		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_X) {
			if (start < module->text_start)
				module->text_start = start;
			if (start + headers[i].p_memsz > module->text_end)
				module->text_end = start + headers[i].p_memsz;
		} else if (headers[i].p_type == PT_NOTE && !module->build_id_size) {
			size_t size = headers[i].p_memsz < sizeof notes ? headers[i].p_memsz
									: sizeof notes;

			take_build_id(module, notes,
				      process_memory_read(&image->memory, start, notes, size));
		}
	}
	return module->text_end > module->text_start;
}

static void find_modules(struct process_image *image)
{
	for (size_t i = 0; i < image->mapping_count; i++) {
		const struct image_mapping *mapping = &image->mappings[i];
		struct image_module module = { .path = mapping->path };

		if (!mapping->path || mapping->offset || !mapping->is_readable ||
		    !read_module(image, mapping, &module))
			continue;
		module.file = file_of_mapping(image, mapping);
		image->is_watched |= strstr(module.path, OWN_LIBRARY) != NULL;
		image->modules = memory_grow(image->modules, image->module_count,
					     &image->module_room, sizeof *image->modules);
		image->modules[image->module_count++] = module;
	}
}

/* Its files are looked for in its own root directory if that is another one. */
static void find_root_directory(struct process_image *image)
{
	char path[64];
	struct stat its, own;

	snprintf(path, sizeof path, "/proc/%d/root", (int)image->pid);
	if (stat(path, &its) || stat("/", &own) ||
	    (its.st_dev == own.st_dev && its.st_ino == own.st_ino))
		path[0] = '\0';
	image->root = memory_text(path);
	snprintf(path, sizeof path, "/proc/%d", (int)image->pid);
	if (!stat(path, &its))
		image->owner = its.st_uid;
}

/* EPERM: the usual reasons, in the order in which they apply. */
static int refuse_process(pid_t pid, int error, char *sentence)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, text, sizeof text - 1) < 0)
			text[0] = '\0';
		close(fd);
	}
	if (error == EACCES || error == EPERM)
		snprintf(sentence, IMAGE_SENTENCE_SIZE,
			 "process %d cannot be looked at: it is another user's, or has more rights "
			 "than the caller%s; ask as that user, or as root",
			 (int)pid,
			 *text > '0' ? ", or /proc/sys/kernel/yama/ptrace_scope forbids it" : "");
	else if (access(path, F_OK))
		snprintf(sentence, IMAGE_SENTENCE_SIZE, "%d: there is no process of this number",
			 (int)pid);
	else
		snprintf(sentence, IMAGE_SENTENCE_SIZE,
			 "process %d has no memory to read: it has ended, or is the kernel's",
			 (int)pid);
	return -error;
}

int process_image_open(struct process_image *image, pid_t pid, char sentence[IMAGE_SENTENCE_SIZE])
{
	int error;

	*image = (struct process_image){ .pid = pid, .core.fd = -1, .memory.fd = -1 };
	error = read_mappings(image);
	if (!error && !process_memory_open(&image->memory, pid))
		error = -errno;
	if (error) {
		error = refuse_process(pid, -error, sentence);
		process_image_close(image);
		return error;
	}
	find_root_directory(image);
	find_modules(image);
	if (image->module_count)
		return 0;
	snprintf(sentence, IMAGE_SENTENCE_SIZE,
		 "process %d is not a program for " ARCH_NAME ", or its memory may not be read",
		 (int)pid);
	process_image_close(image);
	return -ENOEXEC;
}

static void add_file_mapping(struct process_image *image, const struct core_mapping *file)
{
	*add_mapping(image) = (struct image_mapping){
		.start = file->start,
		.end = file->end,
		.offset = file->offset,
		.is_readable = true,
		.path = memory_text(file->path),
	};
}

/* A part of a mapped file that is writable was dumped, and is a segment of its own. */
static void take_core_mappings(struct process_image *image)
{
	const struct core_file *core = &image->core;

	for (size_t i = 0; i < core->mapping_count; i++)
		add_file_mapping(image, &core->mappings[i]);
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct core_segment *segment = &core->segments[i];

		/* As much as was dumped: a damaged core may claim any size. */
		if (segment->is_writable && segment->file_size)
			*add_mapping(image) = (struct image_mapping){
				.start = segment->start,
				.end = segment->start + segment->file_size,
				.is_readable = true,
				.is_writable = true,
				.is_executable = segment->is_executable,
				.is_private = true,
			};
	}
}

int process_image_open_core(struct process_image *image, const char *path, const char *root,
			    char sentence[IMAGE_SENTENCE_SIZE])
{
	int error;

	*image = (struct process_image){ .is_core = true, .memory.fd = -1 };
	error = core_file_open(&image->core, path, root, sentence);
	if (error)
		return error;
	image->memory.core = &image->core;
	image->pid = image->core.pid;
	image->owner = image->core.owner;
	image->root = memory_text(image->core.root);
	take_core_mappings(image);
	find_modules(image);
	if (image->module_count)
		return 0;
	snprintf(sentence, IMAGE_SENTENCE_SIZE,
		 "%s: the first pages of its program's files were not dumped, so they cannot be "
		 "found: add 16 to /proc/PID/coredump_filter",
		 path);
	process_image_close(image);
	return -ENOEXEC;
}

void process_image_close(struct process_image *image)
{
	for (size_t i = 0; i < image->mapping_count; i++)
		free(image->mappings[i].path);
	for (size_t i = 0; i < image->module_count; i++)
		free(image->modules[i].file);
	free(image->mappings);
	free(image->modules);
	free(image->root);
	process_memory_close(&image->memory);
	if (image->is_core)
		core_file_close(&image->core);
	*image = (struct process_image){ .core.fd = -1, .memory.fd = -1 };
}

size_t process_image_threads(const struct process_image *image, int32_t *tids, size_t room)
{
	size_t count = 0;
	struct dirent *entry;
	char path[64];
	DIR *stream;

	if (image->is_core) {
		for (; count < image->core.thread_count && count < room; count++)
			tids[count] = image->core.threads[count].tid;
		return count;
	}
	snprintf(path, sizeof path, "/proc/%d/task", (int)image->pid);
	stream = opendir(path);
	while (stream && count < room && (entry = readdir(stream)))
		if (atoi(entry->d_name) > 0)
			tids[count++] = atoi(entry->d_name);
	if (stream)
		closedir(stream);
	return count;
}
