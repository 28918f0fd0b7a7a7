#include "group_sources.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/open_file.h"
#include "inspect/session.h"
#include "inspect/stuck_memory.h"
#include "inspect/task_ends.h"
#include "inspect/task_kinds.h"
#include "inspect/task_sources.h"
#include "report/frames/rust_name.h"
#include "shared/text.h"
#include "support/clock.h"

#define TASK_SOURCES 64 /* of one task */

struct sources_look {
	struct task_kinds *kinds;
	struct stuck_memory memory;
	uint64_t now_ns; /* 0: of a core, whose clock is not known */
};

static bool read_for_sources(const void *source, uint64_t address, void *to, size_t size)
{
	return process_memory_read(source, address, to, size) == size;
}

struct sources_look *sources_look_create(struct task_kinds *kinds)
{
	struct sources_look *look = memory_get(sizeof *look);

	look->kinds = kinds;
	look->now_ns = kinds->space->trace->running ? clock_monotonic_ns() : 0;
	stuck_memory_init(&look->memory, read_for_sources, &kinds->memory);
	return look;
}

void sources_look_destroy(struct sources_look *look)
{
	if (!look)
		return;
	stuck_memory_deinit(&look->memory);
	free(look);
}

/* What the kernel says of a descriptor of a running process. NULL: nothing. */
static const char *kernel_words(struct strings *strings, const struct open_file *file)
{
	const char *local = file->local_size
				    ? socket_address_text(strings, &file->local, file->local_size)
				    : NULL,
		   *peer = file->peer_size
				   ? socket_address_text(strings, &file->peer, file->peer_size)
				   : NULL;

	if (!file->protocol)
		return text_begins(file->link, "socket:")	? "a socket"
		       : text_begins(file->link, "pipe:")	? "a pipe"
		       : text_begins(file->link, "anon_inode:") ? NULL
								: strings_keep(strings, file->link);
	if (!strcmp(file->protocol, "Unix"))
		return strings_print(strings, "%s%s%s",
				     file->listens ? "a connection to the Unix socket"
						   : "a Unix socket",
				     *file->path ? " " : "", file->path);
	if (peer)
		return strings_print(strings, "%s %s with peer %s", file->protocol,
				     local ? local : "?", peer);
	return strings_print(strings, "%s%s%s%s", file->listens ? "a connection to " : "",
			     file->protocol, local ? " " : "", local ? local : "");
}

static const char *descriptor_words(const struct sources_look *look, const struct layout *layout,
				    const struct task_source *source)
{
	const struct trace_file *trace = look->kinds->space->trace;
	struct strings *strings = &look->kinds->space->session->strings;
	const char *words = NULL;
	struct open_file file;

	if (trace->running && open_file_read((pid_t)trace->header->pid, source->fd, &file))
		words = kernel_words(strings, &file);
	return words ? words
		     : rust_short_name(strings,
				       strings_keep(strings, layout_text(layout, source->type)));
}

/* Whether the memory still shows the task as it was seen. */
static bool is_as_seen(const struct sources_look *look, const struct task_kind *kind,
		       uint64_t header, const struct task_seen *seen)
{
	struct layout_link links[LAYOUT_MAX_LINKS];

	return layout_chain(kind->layout, &look->memory.layout, kind->task, header, links, NULL,
			    LAYOUT_MAX_LINKS) == seen->link_count &&
	       !memcmp(links, seen->links, seen->link_count * sizeof *links);
}

static void take_sources(const struct sources_look *look, const struct task_kind *kind,
			 const struct task_source *sources, size_t count,
			 struct group_sources *group)
{
	size_t files = 0;
	bool has_timer = false;

	for (size_t i = 0; i < count; i++) {
		const struct task_source *source = &sources[i];

		if (source->is_timer) {
			if (!group->deadline_ns || source->deadline_ns < group->deadline_ns)
				group->deadline_ns = source->deadline_ns;
			has_timer = true;
		} else if (!files++ && !group->with_descriptor) {
			group->fd = source->fd;
			group->file = descriptor_words(look, kind->layout, source);
		}
	}
	group->with_descriptor += files > 0;
	group->several += files > 1;
	group->with_timer += has_timer;
	group->looked_ns = look->now_ns;
}

void group_sources_add(struct sources_look *look, const struct task_kind *kind, uint64_t header,
		       const struct task_seen *seen, struct group_sources *group)
{
	struct task_source sources[TASK_SOURCES];
	uint64_t address;
	uint32_t machine;

	if (!kind->layout || !kind->task || !seen->link_count)
		return;
	look->memory.layout.base = kind->base;
	if (task_ends_machine(kind->layout, &look->memory.layout, kind->task, header, &machine,
			      &address) &&
	    is_as_seen(look, kind, header, seen))
		take_sources(look, kind, sources,
			     task_sources_find(kind->layout, &look->memory.layout, machine, address,
					       sources, TASK_SOURCES),
			     group);
}
