#include "javascript.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/events.h"
#include "runtime/base/far_read.h"
#include "runtime/modules/modules.h"
#include "runtime/base/thread.h"
#include "runtime/unwind/unwinder.h"
#include "contract/trace_format.h"
#include "javascript_begin.h"
#include "javascript_heap.h"
#include "script_functions.h"
#include "script_lines.h"

#define MAX_SCRIPT_FRAMES 10
#define LAST_JS_FRAMES	  16	/* of a deep stack: those that the loop called first */
#define MAX_OWN		  6	/* of the program, between the two ends */
#define MAX_PASSED	  24	/* further in, to find the program's first ones */
#define MAX_ASKED	  1000	/* frames of V8 for a sample; it keeps them in its heap */
#define MAX_DEEPER	  20000 /* V8's stack of 984 KB has room for no more */
#define MAX_LINE	  512	/* of a frame; a longer one is left out */
#define MAX_RANGES	  64
#define SCRIPT_NAME_SIZE  160
#define ALL_DETAILS	  0x7f /* v8::StackTrace::kDetailed and what else Node asks for */
#define HANDLE_SCOPE	  16   /* words; v8::HandleScope has three */

/* v8-isolate.h, v8-debug.h, v8-local-handle.h. Handles are passed as plain pointers. */
static struct {
	void *(*current)(void);
	bool (*in_context)(void *isolate);
	void (*scope_begin)(void *scope, void *isolate);
	void (*scope_end)(void *scope);
	void *(*stack)(void *isolate, int limit, int details);
	int (*count)(void *stack);
	void *(*frame)(void *stack, void *isolate, uint32_t index);
	void *(*script)(void *frame);
	void *(*function)(void *frame);
	long (*location)(void *frame); /* struct { int line, column; } from 0, in one register */
	void (*interrupt)(void *isolate, void (*callback)(void *, void *), void *data);
	int (*write)(void *string, void *isolate, char *to, int size, int *length, int options);
} v8;

static const struct {
	void *to;
	const char *name;
} symbols[] = {
	{ &v8.current, "_ZN2v87Isolate13TryGetCurrentEv" },
	{ &v8.in_context, "_ZN2v87Isolate9InContextEv" },
	{ &v8.scope_begin, "_ZN2v811HandleScopeC1EPNS_7IsolateE" },
	{ &v8.scope_end, "_ZN2v811HandleScopeD1Ev" },
	{ &v8.stack,
	  "_ZN2v810StackTrace17CurrentStackTraceEPNS_7IsolateEiNS0_17StackTraceOptionsE" },
	{ &v8.count, "_ZNK2v810StackTrace13GetFrameCountEv" },
	{ &v8.frame, "_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj" },
	{ &v8.script, "_ZNK2v810StackFrame13GetScriptNameEv" },
	{ &v8.function, "_ZNK2v810StackFrame15GetFunctionNameEv" },
	{ &v8.location, "_ZNK2v810StackFrame11GetLocationEv" },
	{ &v8.interrupt, "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_" },
	{ &v8.write, "_ZNK2v86String9WriteUtf8EPNS_7IsolateEPciPii" },
};

struct range {
	uintptr_t start, end;
};

static const struct module *module_of_v8;
static bool complete; /* all symbols were found */
static struct range futex[MAX_RANGES], collector[MAX_RANGES];
static unsigned futexes, collectors;
static struct range builtins; /* range of all builtins: code made by V8's compiler */

static void ranges_keep(struct range *ranges, unsigned *count, const struct symbol_range *symbol)
{
	if (*count < MAX_RANGES)
		ranges[(*count)++] = (struct range){ symbol->start, symbol->end };
}

#define INTERNAL "_ZN2v88internal"

static bool symbol_begins(const char *name, const char *start)
{
	while (*start && *name == *start)
		name++, start++;
	return !*start;
}

/* Called for Node's 200,000 symbols at start-up. */
static void javascript_visit_symbol(const struct symbol_range *symbol, void *unused)
{
	const char *within;

	(void)unused;
	if (symbol_begins(symbol->name, "Builtins_")) {
		if (!builtins.start || symbol->start < builtins.start)
			builtins.start = symbol->start;
		if (symbol->end > builtins.end)
			builtins.end = symbol->end;
	}
	if (!symbol_begins(symbol->name, INTERNAL))
		return;
	within = symbol->name + sizeof INTERNAL - 1;
	if (symbol_begins(within, "14FutexEmulation"))
		ranges_keep(futex, &futexes, symbol);
	else if (symbol_begins(within, "4Heap14CollectGarbage") ||
		 symbol_begins(within, "4Heap24PerformGarbageCollection") ||
		 symbol_begins(within, "13GlobalHandles"))
		ranges_keep(collector, &collectors, symbol);
}

void javascript_module_added(struct module *module)
{
	if (!module_symbol(module, symbols[0].name))
		return;
	module_of_v8 = module;
	complete = true;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		uintptr_t address = module_symbol(module, symbols[i].name);

		memcpy(symbols[i].to, &address, sizeof address);
		complete = complete && address;
	}
	javascript_heap_init(module);
	module_each_function(module, javascript_visit_symbol, NULL);
}

bool javascript_is_loaded(void)
{
	return complete;
}

bool javascript_is_nodes(void)
{
	return complete && module_symbol(module_of_v8, "node_module_register");
}

bool javascript_runs(void)
{
	void *isolate = complete ? v8.current() : NULL;

	return isolate && v8.in_context(isolate);
}

static bool any_in(const struct range *ranges, unsigned count, const uint64_t *frames, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		for (unsigned r = 0; r < count; r++)
			if (frames[i] > ranges[r].start && frames[i] <= ranges[r].end)
				return true;
	return false;
}

static bool is_of_v8(uint64_t pc)
{
	return pc >= module_of_v8->text_start && pc < module_of_v8->text_end;
}

bool javascript_owns_wait(const uint64_t *frames, size_t depth)
{
	size_t caller = 0;

	if (!module_of_v8)
		return false;
	/* Node's own joins and locks go through libuv, which may be a separate library. */
	while (caller < depth && !is_of_v8(frames[caller]) && ask_loop_library_has(frames[caller]))
		caller++;
	return caller < depth && is_of_v8(frames[caller]) && !any_in(futex, futexes, frames, depth);
}

static size_t javascript_put_string(void *isolate, void *string, char *to, size_t size, char last)
{
	char name[SCRIPT_NAME_SIZE];
	int length = string ? v8.write(string, isolate, name, sizeof name - 1, NULL, 0) : 0;

	if (length > 0 && !name[length - 1]) /* includes its NUL */
		length--;
	if (length < 0 || (size_t)length + 1 > size)
		return 0;
	memcpy(to, name, (size_t)length);
	to[length] = last;
	return (size_t)length + 1;
}

static size_t javascript_put_number(char *to, size_t size, long number)
{
	char digits[24];
	size_t at = sizeof digits;

	digits[--at] = '\n';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	if (sizeof digits - at > size)
		return 0;
	memcpy(to, digits + at, sizeof digits - at);
	return sizeof digits - at;
}

static size_t javascript_put_frame(void *isolate, void *frame, char *to, size_t size)
{
	size_t used, part;

	used = part = javascript_put_string(isolate, v8.function(frame), to, size, '\t');
	if (!part)
		return 0;
	used += part =
		javascript_put_string(isolate, v8.script(frame), to + used, size - used, '\t');
	if (!part)
		return 0;
	part = javascript_put_number(to + used, size - used, (int)v8.location(frame) + 1L);
	return part ? used + part : 0;
}

/*
 * Not while the collector runs, nor in a signal handler of the program, which may have interrupted
 * malloc or V8 anywhere. A lock may be one of V8's or malloc's own, which answering would take
 * again: only Atomics.wait is called by JavaScript itself.
 */
static bool may_be_asked(const uint64_t *frames, size_t depth, bool waits_for_thread)
{
	return complete && !any_in(collector, collectors, frames, depth) &&
	       (!waits_for_thread || any_in(futex, futexes, frames, depth)) &&
	       !unwinder_crossed_signal(frames, depth);
}

/* Of a stack's frames, from the innermost: those from `begin` to before `end`. */
struct javascript_range {
	int begin, end;
};

/*
 * The program's frames within a range, next to its outer end: between them and the loop are only a
 * few of a framework, but a library that calls itself may have any number further in. `passed`: the
 * most of others to pass.
 */
static struct javascript_range range_of_own(struct javascript_range in, int passed,
					    bool (*is_own)(void *of, int i), void *of)
{
	struct javascript_range own = { in.end, in.end };

	while (own.end > in.begin && passed > 0 && !is_own(of, own.end - 1)) {
		own.end--;
		passed--;
	}
	own.begin = own.end;
	while (own.begin > in.begin && own.end - own.begin < MAX_OWN && is_own(of, own.begin - 1))
		own.begin--;
	return own;
}

static bool javascript_text_has_own(const char *text, size_t from, size_t used)
{
	const struct script_text script = { text + from, used - from, SCRIPT_JAVASCRIPT };

	return script_own_functions(&script, NULL, 1) > 0;
}

/* V8's answer. */
struct javascript_answer {
	void *isolate, *stack;
	struct javascript_walk *walk;
};

static size_t answer_put_frame(const struct javascript_answer *answer, int i, char *to, size_t size)
{
	size_t part = javascript_put_frame(
		answer->isolate, v8.frame(answer->stack, answer->isolate, (uint32_t)i), to, size);

	return part && answer->walk ? javascript_add_begin(answer->walk, to, part, size) : part;
}

static bool answer_is_own(void *of, int i)
{
	const struct javascript_answer *answer = of;
	char line[MAX_LINE];
	size_t part = javascript_put_frame(answer->isolate,
					   v8.frame(answer->stack, answer->isolate, (uint32_t)i),
					   line, sizeof line);

	return javascript_text_has_own(line, 0, part);
}

static void answer_add_last(const struct javascript_answer *answer, struct javascript_range range,
			    char *text, size_t size, size_t *used)
{
	size_t kept = *used;
	char line[MAX_LINE];

	for (int i = range.begin; i < range.end; i++)
		script_add_last(text, size, kept, used, line,
				answer_put_frame(answer, i, line, sizeof line));
}

static size_t javascript_put_frames(void *isolate, struct javascript_walk *walk, char *text,
				    size_t size)
{
	struct javascript_answer answer = { isolate, NULL, walk };
	size_t used = 0, room = walk ? size / 2 : size, part, kept;
	struct javascript_range last, own;
	int count, i;

	answer.stack = v8.stack(isolate, walk ? MAX_ASKED : MAX_SCRIPT_FRAMES, ALL_DETAILS);
	count = answer.stack ? v8.count(answer.stack) : 0;
	for (i = 0; i < count && i < MAX_SCRIPT_FRAMES; i++) {
		part = answer_put_frame(&answer, i, text + used, room - used);
		if (!part)
			break;
		used += part;
	}
	if (!walk)
		return used;
	kept = used;
	last = (struct javascript_range){ count - i > LAST_JS_FRAMES ? count - LAST_JS_FRAMES : i,
					  count };
	answer_add_last(&answer, last, text, size, &used);
	own = range_of_own((struct javascript_range){ i, last.begin },
			   javascript_text_has_own(text, kept, used) ? 0 : MAX_PASSED,
			   answer_is_own, &answer);
	if (own.begin == own.end)
		return used;
	used = kept;
	answer_add_last(&answer, own, text, size, &used);
	answer_add_last(&answer, last, text, size, &used);
	return used;
}

size_t javascript_frames(const uint64_t *frames, size_t depth, bool waits_for_thread,
			 struct javascript_walk *walk, char *text, size_t size)
{
	uint64_t scope[HANDLE_SCOPE];
	void *isolate;
	size_t used;

	if (!may_be_asked(frames, depth, waits_for_thread))
		return 0;
	isolate = v8.current();
	if (!isolate || !v8.in_context(isolate))
		return 0;
	v8.scope_begin(scope, isolate);
	used = javascript_put_frames(isolate, walk, text, size);
	v8.scope_end(scope);
	return used;
}

/* V8 may copy its builtins out of the module. */
bool javascript_made(uintptr_t pc)
{
	return (pc >= builtins.start && pc < builtins.end) || !modules_find(pc);
}

/* The frame pointers of the last frames of JavaScript that were passed, in a ring. */
struct javascript_last {
	uintptr_t frames[LAST_JS_FRAMES + MAX_PASSED];
	int count;
};

static void javascript_pass(struct javascript_last *last, uint64_t pc, uintptr_t frame)
{
	if (javascript_made(pc))
		last->frames[last->count++ % (LAST_JS_FRAMES + MAX_PASSED)] = frame;
}

/* Beyond what the unwinder has room for: V8's code keeps frame pointers. `frame`: where the last
 * known one is. */
static void javascript_pass_deeper(struct javascript_last *last, uintptr_t frame)
{
	for (size_t i = 0; i < MAX_DEEPER; i++) {
		uintptr_t words[2]; /* the caller's frame pointer and the return address */

		if (!far_read(frame, words, sizeof words) || words[0] <= frame ||
		    !javascript_made(words[1]))
			break;
		frame = words[0];
		javascript_pass(last, words[1], frame);
	}
}

static size_t last_put_frame(const struct javascript_last *last, int i, char *line, size_t size)
{
	return javascript_heap_frame(last->frames[i % (LAST_JS_FRAMES + MAX_PASSED)], line, size);
}

static bool last_is_own(void *of, int i)
{
	char line[MAX_LINE];

	return javascript_text_has_own(line, 0, last_put_frame(of, i, line, sizeof line));
}

static void last_add(const struct javascript_last *last, struct javascript_range range, char *text,
		     size_t size, size_t *used)
{
	size_t kept = *used;
	char line[MAX_LINE];

	for (int i = range.begin; i < range.end; i++)
		script_add_last(text, size, kept, used, line,
				last_put_frame(last, i, line, sizeof line));
}

/* A frame's return address is stored after its caller's frame pointer. */
static uintptr_t javascript_frame_pointer(const uintptr_t *places, size_t i)
{
	return places[i + 1] - sizeof(uintptr_t);
}

static void javascript_add_outermost(struct javascript_last *last, char *text, size_t size,
				     size_t *used)
{
	const int kept_frames = LAST_JS_FRAMES + MAX_PASSED;
	struct javascript_range outer = { 0, last->count }, own;
	size_t kept = *used;

	if (last->count > LAST_JS_FRAMES)
		outer.begin = last->count - LAST_JS_FRAMES;
	last_add(last, outer, text, size, used);
	own = range_of_own(
		(struct javascript_range){
			last->count > kept_frames ? last->count - kept_frames : 0, outer.begin },
		javascript_text_has_own(text, kept, *used) ? 0 : MAX_PASSED, last_is_own, last);
	if (own.begin == own.end)
		return;
	*used = kept;
	last_add(last, own, text, size, used);
	last_add(last, outer, text, size, used);
}

size_t javascript_frames_of_stack(const uint64_t *frames, const uintptr_t *places, size_t depth,
				  char *text, size_t size)
{
	struct javascript_last last = { .count = 0 };
	size_t used = 0, count = 0, i;
	char line[MAX_LINE];

	if (!module_of_v8)
		return 0;
	for (i = 0; i + 1 < depth && count < MAX_SCRIPT_FRAMES; i++) {
		size_t part = javascript_made(frames[i])
				      ? javascript_heap_frame(javascript_frame_pointer(places, i),
							      line, sizeof line)
				      : 0;

		if (used + part > size / 2)
			break;
		memcpy(text + used, line, part);
		used += part;
		count += part > 0;
	}
	for (; i + 1 < depth; i++)
		javascript_pass(&last, frames[i], javascript_frame_pointer(places, i));
	if (depth == TRACE_MAX_FRAMES)
		javascript_pass_deeper(&last, javascript_frame_pointer(places, depth - 2));
	javascript_add_outermost(&last, text, size, &used);
	return used;
}

bool javascript_ask(uintptr_t pc, void (*answer)(void *isolate, void *data))
{
	void *isolate = complete && javascript_made(pc) ? v8.current() : NULL;

	if (!isolate)
		return false;
	v8.interrupt(isolate, answer, NULL);
	return true;
}
