#include "plain_path.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Special in ld.so(8): separators, and tokens such as $LIB. In cargo: white space. */
#define NOT_PLAIN " \t\n:$"

/* Readable but not writable for others: programs that drop their privileges start others. */
static bool make_directory(const char *path)
{
	struct stat status;

	if (mkdir(path, 0755) && errno != EEXIST)
		return false;
	if (lstat(path, &status))
		return false;
	errno = EPERM;
	return S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH)) &&
	       ((status.st_mode & 0755) == 0755 || !chmod(path, 0755));
}

static bool is_link_to(const char *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof target);

	return length == (ssize_t)strlen(path) && !memcmp(target, path, (size_t)length);
}

/* FNV-1a. */
static uint64_t path_hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

bool plain_path(char plain[PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int length;

	if (!strpbrk(path, NOT_PLAIN)) {
		snprintf(plain, PATH_MAX, "%s", path);
		return true;
	}
	errno = EINVAL;
	if (strpbrk(name, NOT_PLAIN))
		return false;
	length = snprintf(plain, PATH_MAX, "/tmp/yieldsan-links-%u", (unsigned)geteuid());
	if (!make_directory(plain))
		return false;
	length += snprintf(plain + length, PATH_MAX - (size_t)length, "/%016llx",
			   (unsigned long long)path_hash(path));
	if (!make_directory(plain))
		return false;
	errno = ENAMETOOLONG;
	if (snprintf(plain + length, PATH_MAX - (size_t)length, "/%s", name) >= PATH_MAX - length)
		return false;
	/* Another run may create it at the same time. */
	return is_link_to(plain, path) || !symlink(path, plain) || is_link_to(plain, path) ||
	       (!unlink(plain) && !symlink(path, plain));
}
