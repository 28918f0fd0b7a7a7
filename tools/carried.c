#include "carried.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/file.h"

#define LIBRARY_NAME "libyieldsan.so"

/* tools/carried. The dynamic command has no library inside. */
extern const char carried_program[], carried_program_end[];
extern const char carried_library[] __attribute__((weak));
extern const char carried_library_end[] __attribute__((weak));
extern const char carried_libdl[], carried_libdl_end[];
extern const char carried_libpthread[], carried_libpthread_end[];

struct carried_file {
	const char *name, *start, *end;
};

static const struct carried_file empty_libraries[] = {
	{ "libdl.so.2", carried_libdl, carried_libdl_end },
	{ "libpthread.so.0", carried_libpthread, carried_libpthread_end },
};

bool carried_library_is_there(void)
{
	return carried_library;
}

static const struct carried_file self_test = { "self-test", carried_program, carried_program_end };

static size_t size_of(const struct carried_file *file)
{
	return (size_t)(file->end - file->start);
}

/* FNV-1a: distinguishes versions. The file's bytes are compared before it is used. */
static uint64_t content_hash(const struct carried_file *file)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *at = file->start; at < file->end; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	return hash;
}

/* Nobody else may replace it, it has our bytes, and the file system allows code to be mapped. */
static int carried_examine(const char *path, const struct carried_file *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), error = 0;
	struct stat status;
	void *map;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		error = -errno;
	else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
		 status.st_mode & (S_IWGRP | S_IWOTH))
		error = -EPERM;
	else if ((size_t)status.st_size != size_of(file))
		error = -ESTALE;
	if (!error) {
		map = mmap(NULL, size_of(file), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			error = -errno;
		else if (memcmp(map, file->start, size_of(file)))
			error = -ESTALE;
		if (map != MAP_FAILED)
			munmap(map, size_of(file));
	}
	close(fd);
	return error;
}

/* Under another name first: another command may do the same at this moment. */
static int write_file(const char *path, const struct carried_file *file)
{
	char other[PATH_MAX + 32];
	int fd, error;

	snprintf(other, sizeof other, "%s.%d", path, (int)getpid());
	unlink(other);
	fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	error = file_write_all(fd, file->start, size_of(file));
	/* For programs that give up their privileges and start others. */
	if (!error && fchmod(fd, 0755))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(other, path))
		error = -errno;
	if (error)
		unlink(other);
	return error;
}

/* Of ours alone; its parents may be others'. */
static int own_directory(const char *path)
{
	struct stat status;

	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	if (lstat(path, &status))
		return -errno;
	return S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
			       !(status.st_mode & (S_IWGRP | S_IWOTH))
		       ? 0
		       : -EPERM;
}

/* DIRECTORY/<hash>/libyieldsan.so: programs and reports know the library by its name. */
static int place_in(const char *directory, const struct carried_file *file, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/%016llx", directory,
			      (unsigned long long)content_hash(file)),
	    error = own_directory(directory);

	if (error)
		return error;
	if (length + 1 + (int)strlen(file->name) >= PATH_MAX)
		return -ENAMETOOLONG;
	error = own_directory(path);
	if (error)
		return error;
	sprintf(path + length, "/%s", file->name);
	if (!carried_examine(path, file))
		return 0;
	error = write_file(path, file);
	return error ? error : carried_examine(path, file);
}

static bool carried_cache_directory(char path[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int length;

	if (cache && *cache == '/') {
		mkdir(cache, 0700);
		length = snprintf(path, PATH_MAX, "%s/yieldsan", cache);
	} else if (home && *home == '/') {
		snprintf(path, PATH_MAX, "%s/.cache", home);
		mkdir(path, 0700);
		length = snprintf(path, PATH_MAX, "%s/.cache/yieldsan", home);
	} else {
		return false;
	}
	return length < PATH_MAX;
}

static int carried_place(const struct carried_file *file, char path[PATH_MAX])
{
	static const char *const others[] = { "/tmp", "/var/tmp", "/dev/shm" };
	char directory[PATH_MAX];
	int error = -ENOENT;

	if (carried_cache_directory(directory))
		error = place_in(directory, file, path);
	for (size_t i = 0; error && i < sizeof others / sizeof *others; i++) {
		snprintf(directory, sizeof directory, "%s/yieldsan-library-%u", others[i],
			 (unsigned)geteuid());
		error = place_in(directory, file, path);
	}
	return error;
}

bool carried_library_path(char path[PATH_MAX], char why[PATH_MAX + 128])
{
	const struct carried_file file = { LIBRARY_NAME, carried_library, carried_library_end };
	int error = carried_place(&file, path);

	if (error)
		snprintf(why, PATH_MAX + 128,
			 "it cannot be written to the cache, /tmp, /var/tmp or /dev/shm (%s)",
			 strerror(-error));
	return !error;
}

bool carried_empty_library(const char *name, char path[PATH_MAX])
{
	for (size_t i = 0; i < sizeof empty_libraries / sizeof *empty_libraries; i++)
		if (!strcmp(empty_libraries[i].name, name))
			return !carried_place(&empty_libraries[i], path);
	return false;
}

static int open_in_memory(char path[PATH_MAX])
{
	int fd = memfd_create("yieldsan self test", 0);

	snprintf(path, PATH_MAX, "/proc/self/fd/%d", fd);
	if (fd >= 0 && !access(path, X_OK))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int carried_program_open(char path[PATH_MAX], const char *directory)
{
	int fd = open_in_memory(path), error;

	if (fd < 0) { /* without /proc */
		snprintf(path, PATH_MAX, "%s/self-test", directory);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	}
	if (fd < 0)
		return -errno;
	error = file_write_all(fd, self_test.start, size_of(&self_test));
	if (error) {
		close(fd);
		return error;
	}
	/* A file that is open for writing is not executed. */
	if (strncmp(path, "/proc/", 6)) {
		close(fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}
