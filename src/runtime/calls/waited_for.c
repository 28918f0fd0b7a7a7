#include "waited_for.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "call.h"
#include "child_pipes.h"
#include "runtime/base/far_read.h"
#include "runtime/base/proc_path.h"
#include "runtime/base/runtime.h"
#include "runtime/locks/held.h"
#include "runtime/trace/trace.h"

#define NOTHING	  1 /* in trace_site.waited_for: asked, and not known */
#define PAGE_SIZE 4096
/* A text of the program, in pieces that lie within a page each: the last may not exist. */
static void take_text(struct trace_waited_for *seen, const char *from)
{
	while (from && seen->text_size < sizeof seen->text - 1) {
		uintptr_t address = (uintptr_t)from + seen->text_size;
		size_t size = PAGE_SIZE - address % PAGE_SIZE;
		size_t room = sizeof seen->text - 1 - seen->text_size;
		char *to = seen->text + seen->text_size, *end;

		if (size > room)
			size = room;
		if (!far_read(address, to, size))
			break;
		end = memchr(to, '\0', size);
		seen->text_size += (uint32_t)(end ? end - to : (long)size);
		if (end)
			break;
	}
	memset(seen->text + seen->text_size, 0, sizeof seen->text - seen->text_size);
}

static bool take_address(struct trace_waited_for *seen, int fd, long number, enum trace_waited kind)
{
	socklen_t size = sizeof seen->text;

	if (system_call(number, fd, (long)seen->text, (long)&size, 0, 0, 0))
		return false;
	seen->text_size = size < sizeof seen->text ? size : sizeof seen->text;
	seen->kind = kind;
	return true;
}

static void waited_for_take_socket(struct trace_waited_for *seen, const struct call_watch *watch,
				   int fd)
{
	const struct call_subject *subject = &watch->subject;
	struct {
		int32_t pid, user, group;
	} peer;
	socklen_t size = sizeof peer;

	if (subject->address && subject->address_size &&
	    subject->address_size < sizeof seen->text &&
	    far_read((uintptr_t)subject->address, seen->text, subject->address_size)) {
		seen->text_size = subject->address_size;
		seen->kind = WAITED_PEER;
	} else if (!take_address(seen, fd, SYS_getpeername, WAITED_PEER) &&
		   !take_address(seen, fd, SYS_getsockname, WAITED_LISTENER)) {
		return;
	}
	if (*(const sa_family_t *)seen->text != AF_UNIX || seen->kind != WAITED_PEER ||
	    system_call(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size, 0) ||
	    peer.pid <= 0)
		return;
	seen->pid = peer.pid;
	if (peer.pid != trace_header()->pid)
		proc_read_name("/proc/", peer.pid, seen->name);
}

static void waited_for_take_descriptor(struct trace_waited_for *seen,
				       const struct call_watch *watch, int fd)
{
	char path[PROC_PATH_ROOM];
	long size;
	enum trace_subject subject = watch->kind;

	/* A poll's is not the call's own. */
	if (fd != watch->subject.fd)
		subject = descriptor_get(fd).subject;
	seen->fd = (uint32_t)fd + 1;
	if (subject == SUBJECT_SOCKET) {
		waited_for_take_socket(seen, watch, fd);
		return;
	}
	proc_path(path, "/proc/self/fd/", (unsigned)fd, "");
	size = system_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)seen->text,
			   sizeof seen->text, 0, 0);
	if (size <= 0)
		return;
	seen->text_size = (uint32_t)size;
	seen->kind = WAITED_PATH;
	if (subject == SUBJECT_PIPE) {
		pid_t reader = child_that_reads(fd);

		seen->pid = reader ? reader : child_of_pipe(fd);
	}
	if (seen->pid)
		proc_read_name("/proc/", seen->pid, seen->name);
}

static void waited_for_take_lock(struct trace_waited_for *seen, const struct call_watch *watch)
{
	const struct held_table *table = this_thread.held;

	/* Of an earlier wait. */
	if (!table || (!table->wait.lock && table->wait.since_ns < watch->start_ns) ||
	    !table->wait.holder)
		return;
	seen->kind = WAITED_LOCK;
	seen->holder = table->wait.holder;
	seen->acquired = table->wait.taken ? known_stack_record(table->wait.taken) : 0;
	memcpy(seen->name, table->wait.holder_name, sizeof seen->name);
	if (!*seen->name)
		proc_read_name("/proc/self/task/", seen->holder, seen->name);
}

static void take_child(struct trace_waited_for *seen, const struct call_watch *watch)
{
	seen->pid = this_thread.awaited_child;
	seen->kind = seen->pid ? WAITED_CHILD : 0;
	memcpy(seen->name, watch->child, sizeof seen->name);
}

COLD void waited_for_child_begins(struct call_watch *watch)
{
	char own[TRACE_NAME_SIZE] = "";

	*watch->child = '\0';
	if (!this_thread.awaited_child)
		return;
	proc_read_name("/proc/", this_thread.awaited_child, watch->child);
	proc_read_name("/proc/", trace_header()->pid, own);
	/* It does not execute its program yet: its name is this one's. */
	if (!strcmp(watch->child, own))
		*watch->child = '\0';
}

static void waited_for_take_subject(struct trace_waited_for *seen, const struct call_watch *watch)
{
	const struct call_subject *subject = &watch->subject;
	int fd = watch->fd_made >= 0	  ? watch->fd_made
		 : watch->fd_hung_up >= 0 ? watch->fd_hung_up
					  : subject->fd;

	seen->subject = watch->kind;
	if (call_infos[watch->call].class == CLASS_CHILD) {
		take_child(seen, watch);
	} else if (subject->host) {
		take_text(seen, subject->host);
		seen->kind = seen->text_size ? WAITED_HOST : 0;
	} else if (subject->path) {
		take_text(seen, subject->path);
		seen->kind = seen->text_size ? WAITED_PATH : 0;
	} else if (fd >= 0) {
		waited_for_take_descriptor(seen, watch, fd);
	} else if (call_infos[watch->call].category == CATEGORY_lock) {
		waited_for_take_lock(seen, watch);
	}
}

static bool waited_for_is_same(const struct trace_waited_for *one,
			       const struct trace_waited_for *other)
{
	return one->kind == other->kind && one->pid == other->pid && one->holder == other->holder &&
	       one->acquired == other->acquired && one->text_size == other->text_size &&
	       !memcmp(one->text, other->text, one->text_size);
}

COLD void waited_for_ask(const struct call_watch *watch, struct trace_site *site)
{
	uint32_t offset = __atomic_load_n(&site->waited_for, __ATOMIC_ACQUIRE), none = 0;
	struct trace_waited_for *known = offset > NOTHING ? trace_at(offset) : NULL, *made;
	struct trace_waited_for seen = { 0 };

	if (offset == NOTHING || (known && known->others))
		return;
	waited_for_take_subject(&seen, watch);
	if (known) {
		if (seen.kind && !waited_for_is_same(known, &seen))
			known->others = 1;
		return;
	}
	made = seen.kind && trace_has_room(6) ? trace_allocate(sizeof *made) : NULL;
	if (made) {
		seen.head = made->head;
		*made = seen;
		trace_publish(made, RECORD_WAITED_FOR);
	}
	__atomic_compare_exchange_n(&site->waited_for, &none, made ? trace_offset(made) : NOTHING,
				    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}
