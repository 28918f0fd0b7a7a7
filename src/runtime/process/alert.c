#include "alert.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "runtime/trace/lock_errors.h"
#include "runtime/trace/sites.h"
#include "runtime/trace/trace.h"
#include "shared/text.h"
#include "summary.h"

#define ALERT_SIZE 256

static void (*callback)(const char *text);
static bool wanted;

struct text {
	char bytes[ALERT_SIZE];
	size_t used;
};

static void alert_add(struct text *text, const char *part, size_t size)
{
	size_t length = strnlen(part, size);

	if (length > sizeof text->bytes - 1 - text->used)
		length = sizeof text->bytes - 1 - text->used;
	memcpy(text->bytes + text->used, part, length);
	text->used += length;
	text->bytes[text->used] = '\0';
}

static void add_word(struct text *text, const char *word)
{
	alert_add(text, word, ALERT_SIZE);
}

static void alert_add_number(struct text *text, uint64_t number)
{
	char digits[TEXT_DECIMAL_SIZE];

	add_word(text, text_decimal(digits, number));
}

/* "12 ms", "340 us" */
static void add_duration(struct text *text, uint64_t ns)
{
	alert_add_number(text, ns >= 10000000 ? ns / 1000000 : ns / 1000);
	add_word(text, ns >= 10000000 ? " ms" : " us");
}

static void alert_update(void)
{
	wanted = runtime_options.halt != HALT_NEVER ||
		 runtime_options.on_finding != ON_FINDING_NOTHING || callback;
}

void alert_init(void)
{
	alert_update();
}

void alert_set_callback(void (*called)(const char *text))
{
	if (called && !callback) {
		callback = called;
		alert_update();
	}
}

static void alert_print(const char *words, const struct text *text)
{
	struct text line = { .used = 0 };

	if (!summary_has_standard_error())
		return;
	add_word(&line, "yieldsan: ");
	add_word(&line, words);
	alert_add(&line, text->bytes, ALERT_SIZE);
	if (line.used == sizeof line.bytes - 1)
		line.used--;
	line.bytes[line.used] = '\n';
	system_call(SYS_write, STDERR_FILENO, (long)line.bytes, (long)line.used + 1, 0, 0, 0);
}

/* Not abort(): it takes a lock of libc, and runs the program's handler. */
static void alert_die(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} action = { 0 };
	uint64_t set = UINT64_C(1) << (SIGABRT - 1);

	system_call(SYS_rt_sigaction, SIGABRT, (long)&action, 0, sizeof action.mask, 0, 0);
	system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, sizeof set, 0, 0);
	system_call(SYS_tgkill, system_call(SYS_getpid, 0, 0, 0, 0, 0, 0), thread_tid(), SIGABRT, 0,
		    0, 0);
}

static void alert_act(enum severity severity, const struct text *text)
{
	enum severity halts = runtime_options.halt == HALT_WARNING ? SEVERITY_WARNING
			      : runtime_options.halt == HALT_ERROR ? SEVERITY_ERROR
								   : SEVERITIES;

	if (callback)
		callback(text->bytes);
	if (severity >= halts) {
		alert_print("halt: ", text);
		alert_die();
	}
	if (runtime_options.on_finding == ON_FINDING_STOP && severity == SEVERITY_ERROR) {
		alert_print("stopped for a debugger: ", text);
		system_call(SYS_kill, system_call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGSTOP, 0, 0, 0,
			    0);
	}
}

static bool is_certain(const struct trace_site *site, const struct trace_executor *executor)
{
	return executor->confirmed && site->confirmed != TRACE_DOUBTED &&
	       (site->confirmed || site->level <= executor->level);
}

COLD static void alert_raise(struct trace_site *site, enum severity severity)
{
	const struct trace_executor *executor = trace_at(site->executor);
	const struct trace_call *call = site->call ? trace_at(site->call) : NULL;
	struct text text = { .used = 0 };

	if (site->kind == SITE_SAMPLE || !is_certain(site, executor) ||
	    __atomic_load_n(&site->alerted, __ATOMIC_RELAXED) >= (uint16_t)severity)
		return;
	__atomic_store_n(&site->alerted, (uint16_t)severity, __ATOMIC_RELAXED);
	add_word(&text, severity == SEVERITY_ERROR ? "error: " : "warning: ");
	if (call)
		alert_add(&text, call->name, sizeof call->name);
	else
		add_word(&text, "a long turn");
	add_word(&text, call ? " blocks executor " : " of executor ");
	alert_add(&text, executor->name, sizeof executor->name);
	add_word(&text, call ? " for " : " took ");
	add_duration(&text, site->max_ns);
	alert_act(severity, &text);
}

void alert_site(struct trace_site *site, enum severity severity)
{
	if (UNLIKELY(wanted) && severity >= SEVERITY_WARNING)
		alert_raise(site, severity);
}

void alert_confirmed(struct trace_site *site)
{
	if (LIKELY(!wanted))
		return;
	for (enum severity severity = SEVERITY_ERROR; severity >= SEVERITY_WARNING; severity--)
		if (site->counts[severity]) {
			alert_raise(site, severity);
			return;
		}
}

/* For test frameworks, which compare it before and after a test. lowest: 1 notice, 3 error. */
EXPORT uint64_t yieldsan_runtime_events(int lowest);

uint64_t yieldsan_runtime_events(int lowest)
{
	OWN_CODE_SCOPE;

	if (!trace_header() || lowest <= SEVERITY_NONE || lowest >= SEVERITIES)
		return 0;
	return sites_events((enum severity)lowest) + (lowest <= SEVERITY_ERROR ? lock_errors() : 0);
}

void alert_deadlock(const struct trace_executor *executor, uint64_t waited_ns)
{
	struct text text = { .used = 0 };

	if (LIKELY(!wanted) || (waited_ns && !(executor && executor->confirmed)))
		return;
	add_word(&text, "error: executor ");
	if (executor)
		alert_add(&text, executor->name, sizeof executor->name);
	if (waited_ns) {
		add_word(&text, " has waited for a lock for ");
		add_duration(&text, waited_ns);
	} else {
		add_word(&text, " is in a deadlock: the locks that it and others wait for form a "
				"cycle");
	}
	alert_act(SEVERITY_ERROR, &text);
}
