#include "debuginfod_child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINDER	      "debuginfod-find"
#define DOWNLOADER    "curl"
#define MAX_ID	      64
#define MAX_URLS      16
#define SLOWEST	      "102400" /* bytes a second: elfutils' client gives up below that, too */
#define DEFAULT_LIMIT "90"     /* seconds, DEBUGINFOD_TIMEOUT */

extern char **environ;

static bool command_is_installed(const char *name)
{
	const char *list = getenv("PATH");
	char path[PATH_MAX];

	for (const char *at = list; at && *at;) {
		size_t length = strcspn(at, ":");

		if (length &&
		    snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name) <
			    (int)sizeof path &&
		    !access(path, X_OK))
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

bool debuginfod_child_is_there(void)
{
	return command_is_installed(FINDER) || command_is_installed(DOWNLOADER);
}

/* Runs a program; its output up to the first line's end. Returns its exit status, or -errno. */
static int debuginfod_run_program(char *const *argv, char *line, size_t size)
{
	posix_spawn_file_actions_t actions;
	int ends[2], error, status;
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (!error && (got = read(ends[0], line + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(ends[0]);
	if (error)
		return -error;
	line[used] = '\0';
	line[strcspn(line, "\n")] = '\0';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int debuginfod_find_command(char path[PATH_MAX], char *id)
{
	char *argv[] = { (char *)FINDER, (char *)"debuginfo", id, NULL };

	return debuginfod_run_program(argv, path, PATH_MAX) || *path != '/' ? -ENOENT : 0;
}

/* $DEBUGINFOD_CACHE_PATH or elfutils' default, as debuginfod-client-config(7) has it. */
static bool debuginfod_cache_directory(char *path, size_t size, const char *id)
{
	const char *named = getenv("DEBUGINFOD_CACHE_PATH"), *cache = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");
	int length;

	if (named && *named == '/')
		length = snprintf(path, size, "%s/%s", named, id);
	else if (cache && *cache == '/')
		length = snprintf(path, size, "%s/debuginfod_client/%s", cache, id);
	else if (home && *home == '/')
		length = snprintf(path, size, "%s/.cache/debuginfod_client/%s", home, id);
	else
		return false;
	if (length < 0 || (size_t)length >= size)
		return false;
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	return !mkdir(path, 0700) || errno == EEXIST;
}

static int debuginfod_download(const char *path, const char *url, size_t url_length, const char *id)
{
	char address[PATH_MAX], part[PATH_MAX + 32], unused[64], *limit;
	const char *slash = url_length && url[url_length - 1] == '/' ? "" : "/";
	char *argv[] = { (char *)DOWNLOADER,
			 (char *)"-fsSL",
			 (char *)"--proto",
			 (char *)"=http,https,file",
			 (char *)"--speed-limit",
			 (char *)SLOWEST,
			 (char *)"--speed-time",
			 NULL,
			 (char *)"--connect-timeout",
			 NULL,
			 (char *)"-o",
			 part,
			 (char *)"--",
			 address,
			 NULL };

	limit = getenv("DEBUGINFOD_TIMEOUT");
	argv[7] = argv[9] = limit && *limit ? limit : (char *)DEFAULT_LIMIT;
	if (snprintf(address, sizeof address, "%.*s%sbuildid/%s/debuginfo", (int)url_length, url,
		     slash, id) >= (int)sizeof address)
		return -ENAMETOOLONG;
	snprintf(part, sizeof part, "%s.%d", path, (int)getpid());
	if (!debuginfod_run_program(argv, unused, sizeof unused) && !rename(part, path))
		return 0;
	unlink(part);
	return -ENOENT;
}

static int debuginfod_fetch(char path[PATH_MAX], const char *id)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	char directory[PATH_MAX - 16];
	unsigned asked = 0;

	if (!debuginfod_cache_directory(directory, sizeof directory, id))
		return -ENOENT;
	snprintf(path, PATH_MAX, "%s/debuginfo", directory);
	if (!access(path, R_OK))
		return 0;
	for (const char *at = urls; at && *at && asked < MAX_URLS; asked++) {
		size_t length;

		at += strspn(at, " ");
		length = strcspn(at, " ");
		if (length && !debuginfod_download(path, at, length, id))
			return 0;
		at += length;
	}
	rmdir(directory);
	return -ENOENT;
}

int debuginfod_child_find(char path[PATH_MAX], const uint8_t *build_id, size_t build_id_size)
{
	char id[2 * MAX_ID + 1];

	if (!build_id_size || build_id_size > MAX_ID)
		return -ENOENT;
	for (size_t i = 0; i < build_id_size; i++)
		snprintf(id + 2 * i, 3, "%02x", build_id[i]);
	if (command_is_installed(FINDER))
		return debuginfod_find_command(path, id);
	return command_is_installed(DOWNLOADER) ? debuginfod_fetch(path, id) : -ENOSYS;
}
