/*
 * `yieldsan clean`: removes traces of processes that have ended. It only touches the caller's own
 * traces and private directories that `yieldsan run` made. It keeps all other files, does not
 * follow links, and keeps what a process still writes or will write.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "command_line.h"
#include "contract/trace_format.h"
#include "inspect/process_alive.h"
#include "inspect/run_processes.h"
#include "inspect/trace_finish.h"
#include "report/wording/quantity.h"
#include "size_text.h"

#define PRIVATE_PREFIX "yieldsan."
#define PRIVATE_RANDOM 6 /* letters of mkdtemp(3) */
#define MOST_DAYS      36500
#define NO_DAYS	       (-1)

/* A unit of removal: a private directory, or a single trace. */
struct entry {
	uint64_t bytes;
	size_t traces;
	const char *kept; /* why; NULL: it is removed */
};

struct cleaning {
	long days; /* NO_DAYS: the default */
	bool dry_run;
	time_t now;
	char run[OPTION_RUN_SIZE]; /* the run that was looked up last, and whether it is still
				      active */
	bool run_lives;
	struct entry removed, kept; /* sums */
	bool failed;
	bool of_run; /* in a private directory: also traces of users that the program changed to */
};

static const char *take_days(void *target, const char *value)
{
	struct cleaning *cleaning = target;
	char *end;

	cleaning->days = strtol(value, &end, 10);
	return *value < '0' || *value > '9' || *end || cleaning->days > MOST_DAYS
		       ? "a number of days from 0 to 36500"
		       : NULL;
}

static const char *take_dry_run(void *target, const char *value)
{
	struct cleaning *cleaning = target;

	(void)value;
	cleaning->dry_run = true;
	return NULL;
}

static const struct command_option options[] = {
	{ "older-than", 0, "DAYS", "remove what is older; 0 with a DIRECTORY, 1 without it",
	  take_days },
	{ "dry-run", 'n', NULL, "remove nothing, list what would be removed", take_dry_run },
};

/* PROGRAM.PID.START.yieldsan. Returns the process id, or 0 for any other name. */
static pid_t trace_name_pid(const char *name)
{
	size_t length = strlen(name), suffix = strlen(TRACE_SUFFIX), at, digits;
	unsigned long pid = 0;

	if (length <= suffix || strcmp(name + length - suffix, TRACE_SUFFIX) != 0)
		return 0;
	at = length - suffix;
	for (int part = 0; part < 2; part++) {
		for (digits = 0; at && name[at - 1] >= '0' && name[at - 1] <= '9'; digits++)
			at--;
		if (!digits || at < 2 || name[at - 1] != '.')
			return 0;
		pid = strtoul(name + at, NULL, 10);
		at--;
	}
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* A process that may not be inspected may have it mapped. */
static bool may_be_written(pid_t pid, const char *name, const struct stat *status)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	if (access(path, R_OK) && errno != ENOENT)
		return true;
	return process_alive(pid, name, status);
}

/* An empty trace had no room, or was truncated. Accepts any version. */
static bool file_is_trace(const struct cleaning *cleaning, int directory, const char *name,
			  const struct stat *status)
{
	char magic[sizeof TRACE_MAGIC];
	bool found;
	int fd;

	if (!S_ISREG(status->st_mode) || !trace_name_pid(name) ||
	    (status->st_uid != geteuid() && !cleaning->of_run))
		return false;
	if (!status->st_size)
		return true;
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	found = read(fd, magic, sizeof magic) == sizeof magic &&
		!memcmp(magic, TRACE_MAGIC, sizeof magic);
	close(fd);
	return found;
}

/* A run's report needs the traces of all its processes, including ended ones. */
static bool is_of_living_run(struct cleaning *cleaning, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct trace_header header;
	struct run_processes found;
	char run[OPTION_RUN_SIZE] = "";

	if (fd < 0)
		return false;
	if (pread(fd, &header, sizeof header, 0) != sizeof header ||
	    header.version != TRACE_VERSION || !trace_finish_run(fd, &header, run))
		*run = '\0';
	close(fd);
	if (!*run)
		return false;
	if (strcmp(run, cleaning->run) != 0) {
		strcpy(cleaning->run, run);
		run_processes_find(&found, run);
		cleaning->run_lives = found.count > 0;
	}
	return cleaning->run_lives;
}

static bool is_young(const struct cleaning *cleaning, const struct stat *status)
{
	return status->st_mtime > cleaning->now - (time_t)cleaning->days * 86400;
}

/* Adds a file to the entry; false if it is not a trace. */
static bool add_file(struct cleaning *cleaning, int directory, const char *name,
		     struct entry *entry)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) ||
	    !file_is_trace(cleaning, directory, name, &status))
		return false;
	entry->traces++;
	entry->bytes += (uint64_t)status.st_blocks * 512;
	if (may_be_written(trace_name_pid(name), name, &status))
		entry->kept = "its process is still running";
	else if (!entry->kept && is_of_living_run(cleaning, directory, name))
		entry->kept = "a process of its run is still running";
	else if (!entry->kept && is_young(cleaning, &status))
		entry->kept = "it is not old enough";
	return true;
}

static void print_entry(struct cleaning *cleaning, const char *parent, const char *name,
			const struct entry *entry)
{
	struct entry *sum = entry->kept ? &cleaning->kept : &cleaning->removed;
	char size[SIZE_TEXT_SIZE];

	sum->traces += entry->traces;
	sum->bytes += entry->bytes;
	printf("%-7s %s/%s (%s)%s%s\n",
	       entry->kept	   ? "kept"
	       : cleaning->dry_run ? "would remove"
				   : "removed",
	       parent, name, size_text(size, entry->bytes), entry->kept ? ": " : "",
	       entry->kept ? entry->kept : "");
}

static void print_failure(struct cleaning *cleaning, const char *parent, const char *name)
{
	fprintf(stderr, "yieldsan: clean: %s/%s cannot be removed: %s\n", parent, name,
		strerror(errno));
	cleaning->failed = true;
}

static void clean_trace(struct cleaning *cleaning, int directory, const char *parent,
			const char *name)
{
	struct entry entry = { 0 };

	if (!add_file(cleaning, directory, name, &entry))
		return;
	if (!entry.kept && !cleaning->dry_run && unlinkat(directory, name, 0))
		print_failure(cleaning, parent, name);
	else
		print_entry(cleaning, parent, name, &entry);
}

static bool is_private_name(const char *name)
{
	size_t prefix = strlen(PRIVATE_PREFIX);

	return !strncmp(name, PRIVATE_PREFIX, prefix) && strlen(name + prefix) == PRIVATE_RANDOM &&
	       strspn(name + prefix, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == PRIVATE_RANDOM;
}

/* Only its owner and users that the program changed to can write there. */
static bool is_own_private(int directory)
{
	struct stat status;

	return !fstat(directory, &status) && status.st_uid == geteuid() &&
	       !(status.st_mode & S_IWOTH);
}

/* A foreign file keeps the directory. */
static void clean_look_into(struct cleaning *cleaning, DIR *stream, struct entry *entry)
{
	struct dirent *file;

	while ((file = readdir(stream)))
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0 &&
		    !add_file(cleaning, dirfd(stream), file->d_name, entry))
			entry->kept = "it contains files that are not traces";
	rewinddir(stream);
}

static bool remove_private(int directory, const char *name, DIR *stream)
{
	struct dirent *file;

	while ((file = readdir(stream)))
		if (trace_name_pid(file->d_name))
			unlinkat(dirfd(stream), file->d_name, 0);
	return !unlinkat(directory, name, AT_REMOVEDIR);
}

static void clean_private(struct cleaning *cleaning, int directory, const char *parent,
			  const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	char path[PATH_MAX + NAME_MAX + 2];
	struct entry entry = { 0 };
	struct stat status;
	bool of_run = cleaning->of_run;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	snprintf(path, sizeof path, "%s/%s", parent, name);
	if (!fstat(fd, &status) && status.st_uid == geteuid()) {
		cleaning->of_run = is_own_private(fd);
		clean_look_into(cleaning, stream, &entry);
		cleaning->of_run = of_run;
		if (!entry.kept && is_young(cleaning, &status))
			entry.kept = "it is not old enough";
		/* Its executor may run its first turn at any time. */
		if (!entry.kept && run_processes_write_to(path))
			entry.kept = "a process of its run is still running";
		if (!entry.kept && !cleaning->dry_run && !remove_private(directory, name, stream))
			print_failure(cleaning, parent, name);
		else
			print_entry(cleaning, parent, name, &entry);
	}
	closedir(stream);
}

static void print_sums(const struct cleaning *cleaning, const char *path)
{
	char traces[64], size[SIZE_TEXT_SIZE];

	printf("%s %s (%s)", cleaning->dry_run ? "would remove" : "removed",
	       quantity_of(traces, cleaning->removed.traces, "trace"),
	       size_text(size, cleaning->removed.bytes));
	if (cleaning->kept.traces)
		printf(", kept %zu (%s)", cleaning->kept.traces,
		       size_text(size, cleaning->kept.bytes));
	printf(" in %s\n", path);
}

static int clean_directory(struct cleaning *cleaning, const char *wanted)
{
	char path[PATH_MAX];
	DIR *stream = realpath(wanted, path) ? opendir(path) : NULL;
	struct dirent *file;

	if (!stream) {
		fprintf(stderr, "yieldsan: clean: %s: %s\n", wanted, strerror(errno));
		return STATUS_WRONG_USE;
	}
	cleaning->of_run = is_private_name(strrchr(path, '/') + 1) && is_own_private(dirfd(stream));
	while ((file = readdir(stream)))
		if (is_private_name(file->d_name))
			clean_private(cleaning, dirfd(stream), path, file->d_name);
		else if (trace_name_pid(file->d_name))
			clean_trace(cleaning, dirfd(stream), path, file->d_name);
	/* The argument is a run's private directory itself. */
	closedir(stream);
	if (is_private_name(strrchr(path, '/') + 1) && !cleaning->dry_run &&
	    !cleaning->kept.traces && !run_processes_write_to(path))
		rmdir(path);
	print_sums(cleaning, path);
	return cleaning->failed ? STATUS_WRONG_USE : 0;
}

int command_clean(int argc, char **argv)
{
	struct cleaning cleaning = { .days = NO_DAYS, .now = time(NULL) };
	const struct command_line line = {
		.command = "clean",
		.arguments = "[OPTION...] [DIRECTORY]",
		.help = "Removes traces of processes that have ended, and lists them with their "
			"size: those in\nDIRECTORY and in the private directories that `yieldsan "
			"run' made there. Without it those in\n$TMPDIR or /tmp that are older "
			"than a day. What a process still writes stays.\n",
		.groups = { OPTION_GROUP(options, &cleaning) },
	};
	int status = command_line_parse(&line, argc, argv);
	const char *wanted = argv[optind], *temporary = getenv("TMPDIR");

	if (status >= 0)
		return status;
	if (argc - optind > 1) {
		fprintf(stderr, "yieldsan: clean: one directory at a time\n");
		return STATUS_WRONG_USE;
	}
	if (cleaning.days == NO_DAYS)
		cleaning.days = wanted ? 0 : 1;
	if (!wanted)
		wanted = temporary && *temporary ? temporary : "/tmp";
	return clean_directory(&cleaning, wanted);
}
