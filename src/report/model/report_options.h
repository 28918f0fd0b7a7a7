/* Options of a report, and its summary in numbers. */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "contract/trace_format.h"
#include "inspect/session.h"

struct baseline;
struct suppressions;

enum report_colour {
	REPORT_COLOUR_AUTO,	/* on a terminal, unless NO_COLOR or TERM forbids it */
	REPORT_COLOUR_TERMINAL, /* likewise, though the stream is none: it is shown on one later */
	REPORT_COLOUR_NEVER,
	REPORT_COLOUR_ALWAYS,
};

struct report_options {
	const char *format;    /* one of report_format_names(); NULL: text */
	enum severity show;    /* lowest severity that is printed */
	enum severity fail_on; /* lowest severity that fails; SEVERITIES: none */
	enum report_colour colour;
	/* Receives messages on unreadable files, and progress if it is a terminal. NULL: standard
	 * error. */
	FILE *errors;
	struct suppressions *suppressions; /* NULL: none. Counts what it matched */
	bool fail_on_unused_suppressions;
	struct baseline *baseline;  /* NULL: empty */
	const char *write_baseline; /* file that receives all findings, which then do not fail */
	const char *merge_junit;    /* the test runner's own JUnit file; NULL: none */
	bool why;		    /* print the reasons of each severity */
	bool report_nameless;	    /* report on `errors' files whose frames have no names */
	size_t samples;		    /* distinct sample stacks per finding in JSON and HTML */
	size_t width;		    /* columns of the terminal for text; 0: unlimited */
	size_t lines;		    /* lines of a text report, about a screen; 0: unlimited */
	bool full;		    /* whole stacks in text, and no limit of lines */
	size_t top;		    /* the N worst findings; 0: all */
	bool tasks;		    /* list tasks of processes that are alive or were killed */
	bool stop;		    /* explain stops the process while its tasks are read */
	const char *sysroot; /* where the files of a core's process lie; NULL: at their paths */
	struct session_options session;
};

#define REPORT_SAMPLES_DEFAULT 20
#define REPORT_SAMPLES_ALL     SIZE_MAX

/* text, warnings, errors. */
#define REPORT_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.show = SEVERITY_WARNING, .fail_on = SEVERITY_ERROR,                               \
		.samples = REPORT_SAMPLES_DEFAULT                                                  \
	}

struct report_summary {
	size_t processes;
	uint64_t quiet_ns; /* longest time for which no task was polled at the end; 0: shorter than
			      LIMIT_QUIET */
	size_t foreign;	   /* of these: not started under YieldSan, or a core */
	size_t executors;  /* executors with turns */
	uint64_t turns;
	size_t findings[SEVERITIES]; /* including those not shown */
	size_t beyond_top;	     /* shown without --top */
	size_t suppressed, baseline; /* omitted findings, not counted in `findings` above */
	size_t unused_suppressions;
	bool failed;		   /* a finding reached fail_on, or a suppression was unused */
	bool baseline_unwritten;   /* already reported */
	size_t unwatched;	   /* programs started without the library */
	size_t scanned;		   /* scanned files */
	uint64_t machines, awaits; /* in these files: async functions and their awaits */
	size_t unreadable;	   /* files and directories that could not be read */
	size_t damaged;		   /* incomplete traces */
	size_t incomplete;	   /* damaged traces whose lost part may contain findings */
	uint64_t lost_sites;	   /* events at new places for which the trace had no room */
	uint64_t lost_errors;	   /* error events for which it had no room */
};

#endif
