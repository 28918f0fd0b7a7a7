#include "summary.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/libc/real.h"
#include "runtime/trace/lock_errors.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/sites.h"
#include "runtime/base/system_call.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"

static struct stat standard_error;
static bool have_standard_error, not_first;

/* A copy: programs overwrite their environment to change their title. */
static char wrong_option[64];
static enum option_fault wrong_option_fault;

static void keep_wrong_option(const struct option_error *error)
{
	size_t length = error->length;

	if (length >= sizeof wrong_option)
		length = sizeof wrong_option - 1;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)error->entry[i];

		wrong_option[i] = byte < ' ' || byte == 0x7f ? '?' : (char)byte;
	}
	wrong_option_fault = error->fault;
}

void summary_init(const struct option_error *error)
{
	have_standard_error = fstat(STDERR_FILENO, &standard_error) == 0;
	if (error->fault)
		keep_wrong_option(error);
}

void summary_not_first(void)
{
	not_first = true;
}

/*
 * If the parent is watched too, it prints its own summary; this process's findings are in its own
 * trace.
 */
static bool parent_is_watched(void)
{
	static const char needle[] = "libyieldsan";
	char path[64], text[4096];
	size_t kept = 0;
	ssize_t got;
	bool found = false;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
	fd = real.open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (got = real.read(fd, text + kept, sizeof text - kept)) > 0) {
		size_t size = kept + (size_t)got;

		found = memmem(text, size, needle, sizeof needle - 1);
		kept = size < sizeof needle ? size : sizeof needle - 1;
		memmove(text, text + size - kept, kept);
	}
	real.close(fd);
	return found;
}

/* Without libc: a preloaded library that wraps its functions may already be shut down. */
bool summary_has_standard_error(void)
{
	struct stat now;

	return have_standard_error &&
	       system_call(SYS_fstat, STDERR_FILENO, (long)&now, 0, 0, 0, 0) == 0 &&
	       now.st_dev == standard_error.st_dev && now.st_ino == standard_error.st_ino;
}

static bool may_tell(void)
{
	return runtime_options.summary && !not_first && summary_has_standard_error() &&
	       !parent_is_watched();
}

/* If no file could be made, this is the only report: the directory is gone, or not visible here. */
static void report_lost_trace(void)
{
	char line[2 * 4096];
	int length;

	if (!trace_is_lost_unmarked() || !summary_has_standard_error())
		return;
	length = snprintf(line, sizeof line,
			  "yieldsan: [%d] no trace could be written to %s (%s): what blocked here "
			  "is lost",
			  (int)getpid(), trace_directory(), libc_error_text(trace_file_error()));
	if (trace_file_error() == EACCES && length > 0 && (size_t)length < sizeof line)
		length += snprintf(line + length, sizeof line - (size_t)length,
				   "; give `yieldsan run -o' a directory that user %u may write to",
				   geteuid());
	if (length > 0 && (size_t)length + 1 < sizeof line)
		line[length++] = '\n';
	if (length > 0 && (size_t)length < sizeof line)
		(void)!real.write(STDERR_FILENO, line, (size_t)length);
}

bool summary_has_something(void)
{
	return runtime_options.output[0] || sites_count(SEVERITY_WARNING) || lock_errors();
}

/* These return the number of bytes used in `line`, which has room for all of them. */
static int write_wrong_option(char *line, size_t size)
{
	const char *fault = wrong_option_fault == OPTION_UNKNOWN	 ? "no such option"
			    : wrong_option_fault == OPTION_WITHOUT_VALUE ? "no value"
									 : "not a valid value";

	return snprintf(line, size,
			"`%s' in " OPTIONS_VARIABLE
			" was ignored (%s; `yieldsan help options' lists the options)",
			wrong_option, fault);
}

static int write_findings(char *line, size_t size, unsigned warnings, unsigned locks)
{
	unsigned errors = sites_count(SEVERITY_ERROR);
	int length = 0;

	if (warnings)
		length += snprintf(line + length, size - (size_t)length,
				   "%u place%s blocked an executor (%u error%s)%s", warnings,
				   warnings == 1 ? "" : "s", errors, errors == 1 ? "" : "s",
				   locks ? ", " : "; ");
	if (locks)
		length += snprintf(line + length, size - (size_t)length,
				   "%u wrong use%s of locks or borrows; ", locks,
				   locks == 1 ? "" : "s");
	if (trace_path()[0])
		length += snprintf(line + length, size - (size_t)length, "see: yieldsan report %s",
				   trace_path());
	else
		length += snprintf(line + length, size - (size_t)length,
				   "which they are is lost: no trace could be written to %s (%s)",
				   trace_directory(), libc_error_text(trace_file_error()));
	return length;
}

static void summary_print_line(unsigned warnings, unsigned locks)
{
	char line[2 * 4096];
	int length = snprintf(line, sizeof line, "yieldsan: ");

	if (wrong_option_fault)
		length += write_wrong_option(line + length, sizeof line - (size_t)length);
	if (wrong_option_fault && (warnings || locks))
		length += snprintf(line + length, sizeof line - (size_t)length, "; ");
	if (warnings || locks)
		length += write_findings(line + length, sizeof line - (size_t)length, warnings,
					 locks);
	if ((size_t)length + 1 >= sizeof line)
		return;
	line[length++] = '\n';
	(void)!real.write(STDERR_FILENO, line, (size_t)length);
}

void summary_tell(void)
{
	unsigned warnings = 0, locks = 0;

	if (runtime_silent)
		return;
	if (trace_header()) {
		if (!runtime_options.summary)
			report_lost_trace();
		warnings = sites_count(SEVERITY_WARNING);
		locks = lock_errors();
		/*
		 * A requested directory keeps its traces: they show what ran, and that it was
		 * watched.
		 */
		if (!warnings && !locks && !runtime_options.output[0])
			trace_remove();
	}
	if ((warnings || locks || wrong_option_fault) && may_tell())
		summary_print_line(warnings, locks);
}
