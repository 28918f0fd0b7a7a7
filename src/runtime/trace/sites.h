/* Sites: distinct stacks of distinct calls, with counts, in the trace. */
#ifndef RUNTIME_SITES_H
#define RUNTIME_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"
#include "judgement/verdict.h"

struct site_key {
	enum site_kind kind;
	int call;	   /* -1: none */
	uint32_t executor; /* offset of its record */
	uint16_t level;
	uint8_t flags;
	uint8_t subject;      /* enum trace_subject; for a long turn enum trace_stall */
	uint32_t system_call; /* or shared_frames: see struct trace_site */
	const char *channel;  /* NULL: none */
	const uint64_t *frames;
	size_t depth;
	enum script_language language;
	const char *script; /* the interpreter's frames, as in trace_script */
	size_t script_size;
	enum severity severity; /* of the current event: not part of the key */
	bool merged;		/* stands for many places: see sites.c; false */
};

/* The site with this key, made on first use; NULL if there is no room (counted as a loss). */
struct trace_site *site_get(const struct site_key *key);

/* Its interpreter frames, as they were in its key; 0 if there are none. */
size_t site_script(const struct trace_site *site, char *text, size_t size,
		   enum script_language *language);

/* Counts one event. */
void site_count(struct trace_site *site, struct verdict verdict, uint64_t wall_ns,
		uint64_t off_cpu_ns, uint64_t end_ns);

/* The number of sites with an error or a warning, for the summary at exit. */
unsigned sites_count(enum severity lowest);

/* The number of events of this severity or a worse one, those of turns that last included. */
uint64_t sites_events(enum severity lowest);

/* Called in a forked child. */
void sites_forget(void);

#endif
