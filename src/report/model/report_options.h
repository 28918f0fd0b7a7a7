/* What a report is asked for, and what it says in numbers. */
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
	REPORT_COLOUR_AUTO, /* where it goes to a terminal, and NO_COLOR and TERM do not speak
			       against it */
	REPORT_COLOUR_NEVER,
	REPORT_COLOUR_ALWAYS,
};

struct report_options {
	const char *format;    /* as report_format_names() lists them; NULL: text */
	enum severity show;    /* the lowest that is printed */
	enum severity fail_on; /* the lowest that fails; SEVERITIES: none does */
	enum report_colour colour;
	/* Sentences on files that cannot be read, and progress where it is a terminal. NULL:
	 * standard error. */
	FILE *errors;
	struct suppressions *suppressions; /* NULL: none. What they matched is counted in them */
	bool fail_on_unused_suppressions;
	struct baseline *baseline;  /* NULL: nothing is known */
	const char *write_baseline; /* a file for all that is found, which then does not fail */
	bool why;		    /* tell the reasons of each severity */
	bool tell_nameless;	    /* on `errors': files whose frames have no names */
	size_t samples;		    /* distinct sample stacks of a finding in JSON and HTML */
	bool tasks;		    /* list those of processes that live or were killed */
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
	size_t executors; /* that had turns */
	uint64_t turns;
	size_t findings[SEVERITIES]; /* those that are not shown too */
	size_t suppressed, baseline; /* findings left out: not in `findings` above */
	size_t unused_suppressions;
	bool failed;		   /* a finding reached fail_on, or a suppression was unused */
	bool baseline_unwritten;   /* which was told */
	size_t unwatched;	   /* programs started without the library */
	size_t scanned;		   /* files that were scanned */
	uint64_t machines, awaits; /* in them: async functions and their awaits */
	size_t unreadable;	   /* files and directories of which nothing could be read */
	size_t damaged;		   /* traces of which a part is missing */
	size_t incomplete;	   /* of these: findings may be in that part */
	uint64_t lost_sites;	   /* events in new places that found no room in their trace */
	uint64_t lost_errors;	   /* events that were errors and found none */
};

#endif
