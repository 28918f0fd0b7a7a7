#include "phases.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "judgement/report/phase.h"
#include "report/model/process.h"
#include "shared/text.h"

/* Test runners: patterns of the program's or script's name. */
static const char *const runners[] = {
	"pytest", "py.test", "nosetests", "nose2", "trial", "stestr", "jest",	       "vitest",
	"mocha",  "ava",     "tap",	  "karma", "bats",  "ctest",  "cargo-nextest",
};

/* Modules run by `python -m'. */
static const char *const modules[] = { "pytest", "unittest", "nose2", "twisted.trial" };

static bool is_runner(const char *path)
{
	const char *name = path_name(path);

	for (size_t i = 0; i < sizeof runners / sizeof *runners; i++) {
		size_t length = strlen(runners[i]);

		/* jest.js, mocha.mjs, pytest.exe */
		if (!strncmp(name, runners[i], length) && (!name[length] || name[length] == '.'))
			return true;
	}
	return false;
}

static bool is_test_module(const char *name)
{
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		if (!strcmp(name, modules[i]))
			return true;
	return false;
}

bool phase_runs_tests(const struct process *process)
{
	const char *const *arguments = process->arguments;
	size_t count = process->argument_count;

	if (process->tests || is_runner(process->executable))
		return true;
	if (strstr(process->executable, "/deps/") &&
	    is_cargo_test_name(path_name(process->executable)))
		return true;
	/* An interpreter's script is its first argument that is not an option. */
	for (size_t i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "--test"))
			return true;
		if (!strcmp(arguments[i], "-m"))
			return i + 1 < count && is_test_module(arguments[i + 1]);
		if (*arguments[i] != '-')
			return is_runner(arguments[i]);
	}
	return false;
}

/* Of jest's, vitest's, mocha's and ava's packages: the command, or the script of a worker process.
 */
static const char *const node_runners[] = {
	"/jest",       "/jest-cli/",  "/jest-worker/", "/vitest", "/tinypool/",
	"/.bin/mocha", "/mocha/bin/", "/.bin/ava",     "/ava/",
};

bool phase_is_node_runner(const struct process *process)
{
	const char *const *arguments = process->arguments;
	size_t count = process->argument_count;

	if (strcmp(path_name(process->executable), "node") != 0)
		return false;
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < sizeof node_runners / sizeof *node_runners; j++)
			if (strstr(arguments[i], "node_modules/") &&
			    strstr(arguments[i], node_runners[j]))
				return true;
	return false;
}

/* Node's process.exit() runs the 'exit' handlers; the loop never continues. */
static bool is_in_exit(const struct stack *script)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct frame *frame = &script->frames[i];

		if (frame->file && frame->function &&
		    !strcmp(frame->file, "node:internal/process/per_thread") &&
		    (!strcmp(frame->function, "process.exit") || !strcmp(frame->function, "exit")))
			return true;
	}
	return false;
}

/* Code that finds, reads, compiles and runs modules. */
static bool is_loader_frame(const struct frame *frame)
{
	return frame->file && (strstr(frame->file, "<frozen importlib") ||
			       text_begins(frame->file, "node:internal/modules/"));
}

/* `server`: a call of one that has accepted counts as any other, also in a module's body. */
static void take_load(const struct finding *seen, bool server, bool cut, struct phase_facts *facts)
{
	const struct stack *script = &seen->stacks->script;
	size_t outer = 0; /* number of frames up to the one that asked for the first module */
	size_t i = 0;

	/* Not those outside the turn: a module's body may run the loop. */
	for (; i < script->count && !script->frames[i].turn_boundary; i++)
		if (is_loader_frame(&script->frames[i]))
			outer = i + 1;
	facts->loads =
		outer && (seen->kind == KIND_LONG_TURN ? seen->stall != STALL_WAITING : !server);
	/* The frames that would show it may be missing. */
	facts->loads |= cut && i == script->count && !outer && !server;
	facts->loads_late =
		outer && outer < script->count && script->frames[outer].owner == OWNER_PROGRAM;
}

static void take_earlier(uint64_t *known, uint64_t seen)
{
	if (seen && (!*known || seen < *known))
		*known = seen;
}

/*
 * Looks only at the loop instance of the finding: that of its thread, or for tasks, which move
 * between threads, of the executor. A socket on which another thread accepts is served by that
 * thread.
 */
static void take_server(const struct trace_file *trace, const struct trace_site *site, bool loop,
			struct phase_facts *facts)
{
	uint64_t listens_ns = 0, others_ns = 0;

	for (size_t i = 0; i < trace->records[RECORD_SERVER].count; i++) {
		const struct trace_server *server =
			(const void *)(trace->bytes + trace->records[RECORD_SERVER].offsets[i]);
		bool own = loop && site->tid ? server->tid == site->tid
					     : server->executor == site->executor;

		take_earlier(&listens_ns, server->listens_ns);
		take_earlier(own ? &facts->accepts_ns : &others_ns, server->accepts_ns);
		if (own)
			take_earlier(&facts->listens_ns, server->listens_ns);
	}
	facts->serves = facts->accepts_ns || (facts->listens_ns && !others_ns);
	/* A socket on which another thread called listen(). */
	if (!facts->listens_ns)
		facts->listens_ns = listens_ns;
}

/* A site is counted when its call or turn ends. Of several, how long the first took is not known.
 */
static uint64_t began_ns(const struct trace_site *site, const struct finding *seen)
{
	uint64_t ns = seen->count == 1 ? seen->max_ns : 0;

	return site->first_ns > ns ? site->first_ns - ns : 0;
}

void phase_take(const struct process *process, const struct trace_file *trace,
		const struct trace_site *site, bool script_cut, struct finding *seen)
{
	struct verdict verdict = { seen->severity, seen->reasons };
	struct phase_facts facts = {
		.asked_to_end_ns = trace->header->asked_to_end_ns,
		.in_exit = is_in_exit(&seen->stacks->script),
		.first_ns = began_ns(site, seen),
		.last_ns = site->last_ns,
		.in_progress = seen->in_progress,
		.client_waited = site->kind == SITE_LONG_TURN && site->client_turns,
		.tests = phase_runs_tests(process),
	};

	take_server(trace, site, seen->family == FAMILY_EVENT_LOOP, &facts);
	take_load(seen, facts.accepts_ns != 0, script_cut, &facts);
	seen->phase = phase_judge(&facts, &verdict);
	finding_take(seen, verdict);
}
