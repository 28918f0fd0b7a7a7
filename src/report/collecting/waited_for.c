#include "waited_for.h"

#include <string.h>
#include <unistd.h>

#include "inspect/open_file.h"
#include "inspect/pipe_ends.h"
#include "inspect/process_file.h"
#include "judgement/call_class.h"
#include "shared/text.h"

static void take_link(struct strings *strings, const char *link, size_t size,
		      struct waited_for *waited)
{
	waited->text = strings_keep_part(strings, link, size);
	waited->kind = WAITED_FOR_FILE;
	if (text_begins(waited->text, "pipe:"))
		waited->kind = WAITED_FOR_PIPE;
	else if (text_begins(waited->text, "socket:") || text_begins(waited->text, "anon_inode:"))
		waited->kind = WAITED_FOR_NOTHING; /* the kernel's names say nothing */
	if (waited->kind != WAITED_FOR_FILE)
		waited->text = NULL;
}

static void record_take_socket(struct strings *strings, const struct trace_waited_for *record,
			       struct waited_for *waited, int64_t own_pid)
{
	waited->text = socket_address_text(strings, record->text, record->text_size);
	waited->kind = record->kind == WAITED_LISTENER ? WAITED_FOR_LISTENER : WAITED_FOR_SOCKET;
	if (record->kind != WAITED_PEER || waited->text)
		return;
	/* Unix sockets without a name: a pair that this process made, or a client's. */
	if (!waited->pid || waited->pid == own_pid) {
		waited->kind = WAITED_FOR_SOCKET_PAIR;
		waited->pid = 0;
	}
}

static int standard_stream(uint32_t fd_plus_one)
{
	return fd_plus_one >= 1 && fd_plus_one <= 3 ? (int)fd_plus_one - 1 : -1;
}

void waited_for_take(struct collection *collection, const struct trace_site *site,
		     struct finding *seen)
{
	const struct trace_waited_for *record =
		trace_file_record(collection->trace, site->waited_for, RECORD_WAITED_FOR);
	struct strings *strings = &collection->report->session->strings;
	struct waited_for *waited = &seen->waited;

	if (!record || record->text_size > sizeof record->text)
		return;
	*waited = (struct waited_for){
		.name = *record->name
				? strings_keep_part(strings, record->name, sizeof record->name)
				: NULL,
		.pid = record->pid > 0 ? record->pid : 0,
		.tid = record->holder > 0 ? record->holder : 0,
		.fd = standard_stream(record->fd),
		.others = record->others != 0,
	};
	switch (record->kind) {
	case WAITED_PATH:
		take_link(strings, record->text, record->text_size, waited);
		break;
	case WAITED_PEER:
	case WAITED_LISTENER:
		record_take_socket(strings, record, waited, collection->process->pid);
		break;
	case WAITED_HOST:
		waited->kind = WAITED_FOR_HOST;
		waited->text = strings_keep_part(strings, record->text, record->text_size);
		break;
	case WAITED_CHILD:
		waited->kind = WAITED_FOR_CHILD;
		break;
	case WAITED_LOCK:
		waited->kind = WAITED_FOR_LOCK;
		collection_stack(collection, record->acquired, site->first_ns, &waited->taken);
		break;
	}
}

/* 0: not known which. */
static void take_process(struct strings *strings, pid_t pid, struct waited_for *waited)
{
	char name[64];

	waited->pid = pid;
	if (pid && process_text(pid, pid, "comm", name, sizeof name))
		waited->name = strings_keep(strings, name);
}

static void take_awaited(struct strings *strings, pid_t pid, struct waited_for *waited)
{
	waited->kind = WAITED_FOR_CHILD;
	waited->fd = -1;
	take_process(strings, pid, waited);
}

static void take_pipe(struct strings *strings, pid_t pid, const char *link, bool writers,
		      struct waited_for *waited)
{
	struct pipe_ends ends;

	pipe_ends_find(&ends, pid, link, writers);
	waited->kind = WAITED_FOR_PIPE;
	take_process(strings, ends.other ? ends.other : ends.own ? pid : 0, waited);
}

void waited_for_look(struct collection *collection, const struct trace_thread *thread,
		     const struct trace_call *call, struct finding *seen)
{
	struct strings *strings = &collection->report->session->strings;
	const pid_t pid = collection->trace->header->pid;
	struct waited_for *waited = &seen->waited;
	struct open_file file;

	if (!collection->trace->running || !thread->call_on)
		return;
	if (call->class == CLASS_CHILD) {
		take_awaited(strings, (pid_t)thread->call_on, waited);
		return;
	}
	if (!open_file_read(pid, (int)thread->call_on - 1, &file))
		return;
	waited->fd = standard_stream(thread->call_on);
	if (text_begins(file.link, "pipe:")) {
		bool reads = !strstr(call->name, "write") && !strstr(call->name, "put") &&
			     !strstr(call->name, "print") && !strstr(call->name, "flush");

		take_pipe(strings, pid, file.link, reads, waited);
	} else if (text_begins(file.link, "socket:")) {
		waited->text = file.peer_size
				       ? socket_address_text(strings, &file.peer, file.peer_size)
				       : NULL;
		if (waited->text)
			waited->kind = WAITED_FOR_SOCKET;
	} else {
		take_link(strings, file.link, sizeof file.link, waited);
	}
}
