#include "phase.h"

#include <string.h>

#include "clients.h"
#include "descriptors.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/trace/trace.h"

#define SERVERS 16 /* threads; further ones share the last entry */

struct server {
	int32_t tid;
	uint64_t listens_ns, accepts_ns;
	struct trace_server *record;
};

typedef void (*action_handler)(int, siginfo_t *, void *);

/*
 * A socket that is closed in the turn in which it began to listen serves nobody: half of a pair
 * that is made as on systems without socketpair (pika), or the search for a free port. Its server's
 * times, and the thread's mark, are those from before. One thread's last one.
 */
enum { BRIEF_TID, BRIEF_TURNS, BRIEF_ACCEPTED, BRIEF_TOOK, BRIEF_LISTENS, BRIEF_ACCEPTS, BRIEFS };
static uint64_t brief[BRIEFS];

static struct server servers[SERVERS];
static unsigned server_count;
uint64_t phase_ends_ns;
static sighandler_t handlers[NSIG]; /* the program's own, of the signals that end it */

static void copy_time(uint64_t *to, const uint64_t *from)
{
	__atomic_store_n(to, __atomic_load_n(from, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

/* Another thread may do so as well: two records of one thread do no harm. */
static void write_server(struct server *server)
{
	struct trace_server *record = __atomic_load_n(&server->record, __ATOMIC_ACQUIRE);
	int32_t tid = __atomic_load_n(&server->tid, __ATOMIC_RELAXED);

	if (!tid || !trace_header())
		return;
	if (!record) {
		record = trace_allocate(sizeof *record);
		if (!record)
			return;
		record->tid = tid;
		trace_publish(record, RECORD_SERVER);
		__atomic_store_n(&server->record, record, __ATOMIC_RELEASE);
	}
	if (this_thread.slot && this_thread.slot->tid == tid)
		record->executor = this_thread.slot->executor;
	copy_time(&record->listens_ns, &server->listens_ns);
	copy_time(&record->accepts_ns, &server->accepts_ns);
}

static struct server *server_of_thread(void)
{
	int32_t tid = (int32_t)system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
	unsigned count = __atomic_load_n(&server_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count && i < SERVERS; i++)
		if (__atomic_load_n(&servers[i].tid, __ATOMIC_RELAXED) == tid)
			return &servers[i];
	count = __atomic_fetch_add(&server_count, 1, __ATOMIC_ACQ_REL);
	if (count >= SERVERS) {
		__atomic_store_n(&server_count, SERVERS, __ATOMIC_RELEASE);
		return &servers[SERVERS - 1];
	}
	__atomic_store_n(&servers[count].tid, tid, __ATOMIC_RELAXED);
	return &servers[count];
}

/* The first time counts. */
static void note_time(uint64_t *time)
{
	if (!__atomic_load_n(time, __ATOMIC_RELAXED))
		__atomic_store_n(time, now_ns(), __ATOMIC_RELAXED);
}

static uint64_t phase_turns_begun(void)
{
	return this_thread.turn_counter ? *this_thread.turn_counter : 0;
}

static void phase_listener_begins(const struct server *server, int fd)
{
	const uint64_t now[BRIEFS] = {
		[BRIEF_TID] = (uint64_t)__atomic_load_n(&server->tid, __ATOMIC_RELAXED),
		[BRIEF_TURNS] = phase_turns_begun(),
		[BRIEF_ACCEPTED] = this_thread.accepts,
		[BRIEF_TOOK] = this_thread.takes_datagrams,
		[BRIEF_LISTENS] = __atomic_load_n(&server->listens_ns, __ATOMIC_RELAXED),
		[BRIEF_ACCEPTS] = __atomic_load_n(&server->accepts_ns, __ATOMIC_RELAXED),
	};

	for (unsigned i = 0; i < BRIEFS; i++)
		copy_time(&brief[i], &now[i]);
	__atomic_store_n(&descriptor_listener, fd, __ATOMIC_RELEASE);
}

COLD void phase_listens(int fd)
{
	OWN_CODE_SCOPE;
	struct server *server;

	if (this_thread.vforked || runtime_silent)
		return;
	server = server_of_thread();
	phase_listener_begins(server, fd);
	note_time(&server->listens_ns);
	write_server(server);
}

COLD void phase_descriptors_closed(unsigned first, unsigned last)
{
	OWN_CODE_SCOPE;
	int fd = __atomic_load_n(&descriptor_listener, __ATOMIC_ACQUIRE);
	struct server *server;
	uint64_t then[BRIEFS];

	if (fd < 0 || (unsigned)fd < first || (unsigned)fd > last || this_thread.vforked)
		return;
	__atomic_store_n(&descriptor_listener, -1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < BRIEFS; i++)
		copy_time(&then[i], &brief[i]);
	if (runtime_silent || then[BRIEF_TURNS] != phase_turns_begun())
		return;
	server = server_of_thread();
	if (then[BRIEF_TID] != (uint64_t)__atomic_load_n(&server->tid, __ATOMIC_RELAXED))
		return;
	this_thread.accepts = then[BRIEF_ACCEPTED];
	this_thread.takes_datagrams = then[BRIEF_TOOK];
	copy_time(&server->listens_ns, &then[BRIEF_LISTENS]);
	copy_time(&server->accepts_ns, &then[BRIEF_ACCEPTS]);
	write_server(server);
}

COLD void phase_first_accept(void)
{
	OWN_CODE_SCOPE;
	struct server *server;

	if (this_thread.vforked || runtime_silent)
		return;
	this_thread.accepts = true;
	server = server_of_thread();
	note_time(&server->accepts_ns);
	write_server(server);
}

COLD void phase_takes_datagrams(int fd)
{
	phase_listens(fd);
	this_thread.takes_datagrams = !this_thread.vforked && !this_thread.accepts;
}

COLD void phase_first_datagram(void)
{
	this_thread.takes_datagrams = false;
	phase_accepts();
}

static void write_end(void)
{
	uint64_t ns = __atomic_load_n(&phase_ends_ns, __ATOMIC_RELAXED);

	if (ns && trace_header())
		__atomic_store_n(&trace_header()->asked_to_end_ns, ns, __ATOMIC_RELAXED);
}

void phase_ends(void)
{
	uint64_t none = 0;

	if (this_thread.vforked || __atomic_load_n(&phase_ends_ns, __ATOMIC_RELAXED))
		return;
	__atomic_compare_exchange_n(&phase_ends_ns, &none, now_ns(), false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	write_end();
}

COLD void phase_found_at_end(uint64_t ns, uint64_t end_ns)
{
	uint64_t known = __atomic_load_n(&phase_ends_ns, __ATOMIC_RELAXED);

	if (known > end_ns || !clients_look(ns).wait)
		return;
	while (known <= end_ns &&
	       !__atomic_compare_exchange_n(&phase_ends_ns, &known, end_ns + 1, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	write_end();
}

uint64_t phase_first_accept_ns(void)
{
	unsigned count = __atomic_load_n(&server_count, __ATOMIC_ACQUIRE);
	uint64_t first = 0;

	for (unsigned i = 0; i < count && i < SERVERS; i++) {
		uint64_t ns = __atomic_load_n(&servers[i].accepts_ns, __ATOMIC_RELAXED);

		if (ns && (!first || ns < first))
			first = ns;
	}
	return first;
}

void phase_write(void)
{
	unsigned count = __atomic_load_n(&server_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count && i < SERVERS; i++)
		if (!__atomic_load_n(&servers[i].record, __ATOMIC_ACQUIRE))
			write_server(&servers[i]);
	write_end();
}

void phase_forked(void)
{
	memory_zero(servers, sizeof servers);
	server_count = 0;
	descriptor_listener = -1;
	phase_ends_ns = 0;
	this_thread.accepts = this_thread.takes_datagrams = false;
}

static void note_and_go_on(int signal, siginfo_t *info, void *context)
{
	sighandler_t handler = __atomic_load_n(&handlers[signal], __ATOMIC_ACQUIRE);

	phase_ends();
	((action_handler)(void (*)(void))handler)(signal, info, context);
}

static sighandler_t phase_handler(void)
{
	return (sighandler_t)(void (*)(void))note_and_go_on;
}

static bool handler_is_function(sighandler_t handler)
{
	return handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR &&
	       handler != SIG_HOLD;
}

sighandler_t phase_handler_set(int signal, sighandler_t handler, sighandler_t *before)
{
	*before = __atomic_load_n(&handlers[signal], __ATOMIC_ACQUIRE);
	if (this_thread.vforked || !handler_is_function(handler) || handler == phase_handler())
		return handler;
	__atomic_store_n(&handlers[signal], handler, __ATOMIC_RELEASE);
	return phase_handler();
}

sighandler_t phase_handler_seen(sighandler_t handler, sighandler_t before)
{
	return handler == phase_handler() ? before : handler;
}

int phase_sigaction(int (*call)(int, const struct sigaction *, struct sigaction *), int signal,
		    const struct sigaction *action, struct sigaction *before)
{
	sighandler_t known = __atomic_load_n(&handlers[signal], __ATOMIC_ACQUIRE);
	struct sigaction wrapped;
	int result;

	if (action) {
		wrapped = *action;
		wrapped.sa_handler = phase_handler_set(signal, action->sa_handler, &known);
	}
	result = call(signal, action ? &wrapped : NULL, before);
	if (result && action && !this_thread.vforked)
		__atomic_store_n(&handlers[signal], known, __ATOMIC_RELEASE);
	if (!result && before)
		before->sa_handler = phase_handler_seen(before->sa_handler, known);
	return result;
}
