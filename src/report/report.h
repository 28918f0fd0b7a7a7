/* From traces to a report: the door of this room. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "contract/trace_format.h"

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
	const char *debug_root;	    /* where separate debug files lie; NULL: /usr/lib/debug */
	bool why;		    /* tell the reasons of each severity */
	bool tell_nameless;	    /* on `errors': files whose frames have no names */
	bool tasks;		    /* list those of processes that live or were killed */
	/* See source_path.h; NULL: paths stay as the compilers wrote them. */
	const char *strip_prefix, *source_root;
};

/* text, warnings, errors. */
#define REPORT_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.show = SEVERITY_WARNING, .fail_on = SEVERITY_ERROR                                \
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
};

/*
 * Reports on traces and on directories of traces. What cannot be read is told on options->errors,
 * one line each, and counted; all else is reported. A directory without traces is no error.
 *
 * Returns 0, -EINVAL for a format that is not known, or the -errno of writing to `out`. Summary is
 * filled in any case.
 */
int report_make(const struct report_options *options, char **paths, size_t count, FILE *out,
		struct report_summary *summary);

struct scan_options;

/* The same of ELF files, without a run: what lives across their awaits. See scan.h. */
int report_scan(const struct report_options *options, const struct scan_options *scan, char **paths,
		size_t count, FILE *out, struct report_summary *summary);

bool report_format_is_known(const char *name);

/* "text, json, ..." for usage texts and errors. */
const char *report_format_names(void);

#endif
