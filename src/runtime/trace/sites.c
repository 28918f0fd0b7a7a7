#include "sites.h"

#include <string.h>

#include "record_index.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "scripts.h"
#include "trace.h"
#include "trace_records.h"

#define SITE_INDEX 16384 /* a power of two, twice the sites that fit */
#define MAX_SITES  (SITE_INDEX / 2)

static uint32_t index_of[SITE_INDEX] MEMORY_TABLE; /* offsets of sites by hash, open addressing */
static uint32_t count, sample_count;

static uint64_t site_key_hash(const struct site_key *key)
{
	uint64_t hash = hash_mix(key->kind, (uint64_t)key->call << 32 | key->executor);

	hash = hash_mix(hash, (uint64_t)key->merged << 32 | key->system_call);
	hash = hash_mix(hash, (uint64_t)key->level << 16 | key->flags << 8 | key->subject);
	for (size_t i = 0; i < key->depth; i++)
		hash = hash_mix(hash, key->frames[i]);
	hash = hash_text(hash, key->script, key->script_size);
	return hash_mix(hash, key->depth);
}

static uint32_t site_write_stack(const struct site_key *key)
{
	struct trace_stack *stack =
		trace_allocate(sizeof *stack + key->depth * sizeof *key->frames);

	if (!stack)
		return 0;
	stack->depth = (uint32_t)key->depth;
	stack->flags = key->merged ? TRACE_STACK_MERGED : 0;
	memcpy(stack->frames, key->frames, key->depth * sizeof *key->frames);
	trace_publish(stack, RECORD_STACK);
	return trace_offset(stack);
}

static uint32_t sites_limit(void)
{
	return runtime_options.max_sites < MAX_SITES ? runtime_options.max_sites : MAX_SITES;
}

/*
 * There may be many notices, for example from every test of a test suite, and many warnings: each
 * kind leaves room for more severe ones, and the samples of a stall in progress leave room for all
 * others. What is merged is little, and may use an eighth more. In eighths.
 */
static bool sites_have_room(const struct site_key *key)
{
	static const uint8_t share[SEVERITIES] = { 6, 6, 7, 8 };
	unsigned eighths = share[key->severity] + key->merged;

	if (key->kind == SITE_SAMPLE &&
	    __atomic_load_n(&sample_count, __ATOMIC_RELAXED) >= sites_limit() / 4)
		return false;
	return __atomic_load_n(&count, __ATOMIC_RELAXED) < sites_limit() * eighths / 8 &&
	       trace_has_room(eighths);
}

/*
 * A test suite calls stat and write from thousands of places. Once notices fill three eighths of
 * the room, new ones are distinguished only by their call and its caller; after five eighths
 * without the interpreter's frames. Likewise warnings, after six and seven.
 */
static bool are_used(unsigned eighths)
{
	return __atomic_load_n(&count, __ATOMIC_RELAXED) >= sites_limit() * eighths / 8 ||
	       !trace_has_room(eighths);
}

static bool is_to_be_merged(const struct site_key *key)
{
	return key->kind == SITE_BLOCKING_CALL &&
	       ((key->severity == SEVERITY_NOTICE && are_used(3)) ||
		(key->severity == SEVERITY_WARNING && are_used(6)));
}

static struct site_key merged_of(const struct site_key *key)
{
	struct site_key merged = *key;
	const char *end = key->script_size && !are_used(key->severity == SEVERITY_NOTICE ? 5 : 7)
				  ? memchr(key->script, '\n', key->script_size)
				  : NULL;

	merged.depth = key->depth ? 1 : 0;
	merged.script_size = end ? (size_t)(end + 1 - key->script) : 0;
	merged.merged = true;
	return merged;
}

COLD static void *site_write(const void *wanted, uint64_t hash)
{
	const struct site_key *key = wanted;
	struct trace_site *site;

	if (!sites_have_room(key))
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->kind = (uint16_t)key->kind;
	site->call = key->call >= 0 ? trace_call_offset(key->call) : 0;
	site->executor = key->executor;
	site->stack = site_write_stack(key);
	site->script = script_write(key->script, key->script_size, key->language);
	site->level = key->level;
	site->flags = key->flags;
	site->subject = key->subject;
	site->hash = hash;
	site->first_ns = now_ns();
	site->tid = this_thread.slot ? this_thread.slot->tid : 0;
	memcpy(site->thread, this_thread.name, sizeof site->thread);
	site->system_call = key->system_call;
	if (key->channel)
		strncpy(site->channel, key->channel, sizeof site->channel - 1);
	if ((!site->call && key->call >= 0) || !site->stack)
		return NULL;
	__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	if (key->kind == SITE_SAMPLE)
		__atomic_fetch_add(&sample_count, 1, __ATOMIC_RELAXED);
	return site;
}

struct trace_site *site_get(const struct site_key *key)
{
	static const struct record_index sites = {
		index_of,
		SITE_INDEX,
		offsetof(struct trace_site, hash),
		RECORD_SITE,
	};

	struct site_key merged;

	if (is_to_be_merged(key)) {
		struct trace_site *known = record_index_find(&sites, site_key_hash(key));

		if (known)
			return known;
		merged = merged_of(key);
		return record_index_get(&sites, site_key_hash(&merged), site_write, &merged);
	}
	return record_index_get(&sites, site_key_hash(key), site_write, key);
}

size_t site_script(const struct trace_site *site, char *text, size_t size,
		   enum script_language *language)
{
	const struct trace_script_lines *script = site->script ? trace_at(site->script) : NULL;
	size_t used = 0;

	if (!script)
		return 0;
	*language = script->language;
	for (uint32_t i = 0; i < script->count; i++) {
		const struct trace_script_line *line =
			script->lines[i] ? trace_at(script->lines[i]) : NULL;

		if (!line || used + line->text_size + 1 > size)
			continue;
		memcpy(text + used, line->text, line->text_size);
		used += line->text_size;
		text[used++] = '\n';
	}
	return used;
}

/* Bucket n: shorter than 2^n ns. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned bits = ns ? 64 - (unsigned)__builtin_clzll(ns) : 0;

	return bits < TRACE_HISTOGRAM_BUCKETS ? bits : TRACE_HISTOGRAM_BUCKETS - 1;
}

void site_count(struct trace_site *site, struct verdict verdict, uint64_t wall_ns,
		uint64_t off_cpu_ns, uint64_t end_ns)
{
	uint64_t longest = __atomic_load_n(&site->max_ns, __ATOMIC_RELAXED);
	uint64_t given = (uint64_t)verdict.reasons;
	uint64_t reasons = __atomic_load_n(&site->reasons[verdict.severity], __ATOMIC_RELAXED);

	if (site->tid && (!this_thread.slot || site->tid != this_thread.slot->tid))
		__atomic_store_n(&site->tid, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->counts[verdict.severity], 1, __ATOMIC_RELAXED);
	if ((reasons | given) != reasons)
		__atomic_fetch_or(&site->reasons[verdict.severity], given, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->total_ns, wall_ns, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->histogram[bucket_of(wall_ns)], 1, __ATOMIC_RELAXED);
	if (off_cpu_ns)
		__atomic_fetch_add(&site->off_cpu_ns, off_cpu_ns, __ATOMIC_RELAXED);
	while (wall_ns > longest &&
	       !__atomic_compare_exchange_n(&site->max_ns, &longest, wall_ns, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	/* The record was made just after its event. */
	if (UNLIKELY(end_ns < site->first_ns))
		site->first_ns = end_ns;
	__atomic_store_n(&site->last_ns, end_ns, __ATOMIC_RELAXED);
}

unsigned sites_count(enum severity lowest)
{
	const struct trace_record *record;
	uint64_t at = sizeof(struct trace_header);
	unsigned found = 0;

	/* The index has more pages than a small trace. */
	while ((record = trace_next_record(&at))) {
		const struct trace_site *site = (const void *)record;
		const struct trace_executor *executor;

		if (record->type != RECORD_SITE)
			continue;
		executor = trace_at(site->executor);
		if (!executor->confirmed || site->confirmed != 1 || site->level > executor->level)
			continue;
		for (int severity = lowest; severity < SEVERITIES; severity++)
			if (site->counts[severity]) {
				found++;
				break;
			}
	}
	return found;
}

uint64_t sites_events(enum severity lowest)
{
	const struct trace_record *record;
	uint64_t at = sizeof(struct trace_header), events = 0;

	while ((record = trace_next_record(&at))) {
		const struct trace_site *site = (const void *)record;
		const struct trace_executor *executor;

		if (record->type != RECORD_SITE || site->kind == SITE_SAMPLE)
			continue;
		executor = trace_at(site->executor);
		if (!executor->confirmed || site->confirmed == TRACE_DOUBTED ||
		    site->level > executor->level)
			continue;
		for (int severity = lowest; severity < SEVERITIES; severity++)
			events += __atomic_load_n(&site->counts[severity], __ATOMIC_RELAXED);
	}
	return events;
}

void sites_forget(void)
{
	memory_zero(index_of, sizeof index_of);
	count = sample_count = 0;
	scripts_forget();
}
