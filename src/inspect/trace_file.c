#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ancestor.h"
#include "support/clock.h"
#include "support/memory.h"
#include "process_alive.h"
#include "process_image.h"
#include "thread_state.h"
#include "trace_records.h"

/* Threads killed in the middle of a record leave shorter runs of zeros: a longer one means that
 * part of the file is missing. */
#define MAX_HOLE 65536

/* The largest value of the option trace_size, plus what `yieldsan run' appends. */
#define MAX_TRACE_SIZE (UINT64_C(5) << 28)

static size_t trace_read_bytes(int fd, void *bytes, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, (char *)bytes + done, size - done, offset + (off_t)done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Why this trace cannot be read here; NULL if it can. */
static const char *trace_refusal(const struct trace_header *header, size_t got)
{
	if (!got)
		return "is empty: there was no room to write it (a full disk, or a limit on file "
		       "sizes: ulimit -f); make room and run it again";
	if (got < sizeof header->magic || memcmp(header->magic, TRACE_MAGIC, sizeof header->magic))
		return "is not a yieldsan trace; give files that end in " TRACE_SUFFIX
		       ", or the directory they lie in";
	if (got < sizeof *header)
		return "is cut off in its header; copy it again, or run the program again";
	if (__builtin_bswap32(header->version) == TRACE_VERSION)
		return "was written on a machine of another byte order; report on it there";
	if (header->version > TRACE_VERSION)
		return "was written by a newer yieldsan; report on it with that one";
	if (header->version < TRACE_VERSION)
		return "was written by an older yieldsan; report on it with that one";
	if (header->header_size < sizeof *header || header->header_size % TRACE_ALIGN)
		return "has a damaged header; copy it again, or run the program again";
	if (header->file_size > MAX_TRACE_SIZE)
		return "claims to be larger than any trace; run the program again";
	return NULL;
}

/* Holes of the file read as zeros and take no memory. */
static size_t read_data(int fd, unsigned char *bytes, size_t size)
{
	off_t end, data = 0, hole;
	size_t got;

	while ((data = lseek(fd, data, SEEK_DATA)) >= 0 && (size_t)data < size) {
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data)
			break;
		if ((size_t)hole > size)
			hole = (off_t)size;
		got = trace_read_bytes(fd, bytes + data, (size_t)(hole - data), data);
		if (got < (size_t)(hole - data))
			return (size_t)data + got;
		data = hole;
	}
	if (data < 0 && errno != ENXIO) /* the file system does not support holes */
		return trace_read_bytes(fd, bytes, size, 0);
	end = lseek(fd, 0, SEEK_END);
	return end >= 0 && (size_t)end < size ? (size_t)end : size;
}

/* The allocated part of the file: as the header says, limited to the file's size. */
static int size_up(struct trace_file *trace, const struct trace_header *header, off_t file_size)
{
	uint64_t used = header->used, has = file_size > 0 ? (uint64_t)file_size : 0;

	if (used > header->file_size)
		used = header->file_size; /* full: later records were counted, not written */
	if (used < sizeof *header)
		used = sizeof *header;
	trace->missing = used > has ? used - has : 0;
	trace->size = (used - trace->missing) & ~(uint64_t)(TRACE_ALIGN - 1);
	trace->bytes = calloc(1, trace->size);
	return trace->bytes ? 0 : -ENOMEM;
}

static bool is_zero(const unsigned char *bytes)
{
	static const unsigned char zeros[TRACE_ALIGN];

	return !memcmp(bytes, zeros, TRACE_ALIGN);
}

static void trace_keep_record(struct trace_file *trace, uint32_t type, size_t at)
{
	trace->known[at / TRACE_ALIGN / 8] |= (uint8_t)(1 << at / TRACE_ALIGN % 8);
	trace->records[type].offsets =
		memory_grow(trace->records[type].offsets, trace->records[type].count,
			    &trace->records[type].room, sizeof *trace->records[type].offsets);
	trace->records[type].offsets[trace->records[type].count++] = (uint32_t)at;
}

/*
 * Walks the records. A thread killed before it wrote the size of its record leaves a hole of zeros.
 * Other invalid data is skipped up to a record of a known type: among damage, an apparently unknown
 * record is more likely garbage.
 */
static void trace_walk_records(struct trace_file *trace)
{
	enum trace_record_state state;
	bool lost = false;
	size_t hole = 0;

	trace->known = memory_get(trace->size / TRACE_ALIGN / 8 + 1);
	for (size_t at = trace->header->header_size, size; at < trace->size; at += size) {
		uint32_t type;

		state = trace_record_check(trace->bytes + at, trace->size - at, &type, &size);
		if (state == TRACE_RECORD_GOOD) {
			trace_keep_record(trace, type, at);
			lost = false;
			hole = 0;
			continue;
		}
		if (state == TRACE_RECORD_OTHER && !lost) {
			hole = 0;
			continue;
		}
		size = TRACE_ALIGN;
		hole = is_zero(trace->bytes + at) ? hole + size : 0;
		lost |= !hole || hole > MAX_HOLE;
		if (lost)
			trace->passed_over += size;
	}
}

/*
 * A running or runnable thread is not blocked. Typical case: a writer that woke its reader and was
 * preempted by it. Samples several times, for a call that sleeps more than once.
 */
static bool trace_call_sleeps(int32_t pid, int32_t tid)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct thread_state state;

	for (int i = 0; i < 5; i++) {
		if (!thread_state_read(pid, tid, &state) || state.letter != 'R')
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/*
 * Reads the calls in progress again: while the file was read, one may have ended and another begun.
 * A call that was seen asleep was in progress.
 */
static void read_calls_again(struct trace_file *trace, int fd)
{
	for (size_t i = 0; i < trace->records[RECORD_THREAD].count; i++) {
		struct trace_thread *thread =
			(void *)(trace->bytes + trace->records[RECORD_THREAD].offsets[i]);
		struct trace_call_in_progress *call = &thread->call;
		off_t offset = (off_t)((unsigned char *)call - trace->bytes);
		uint32_t before = 0, after = 1;
		bool blocked;

		trace_read_bytes(fd, &before, sizeof before, offset);
		trace_read_bytes(fd, call, sizeof *call, offset);
		blocked = before & 1 && trace_call_sleeps(trace->header->pid, thread->tid);
		trace_read_bytes(fd, &after, sizeof after, offset);
		if (before != after || !blocked)
			call->sequence = 0;
	}
}

static int read_open(struct trace_file *trace, int fd, const char *path, const char **why)
{
	struct trace_header header;
	struct timespec now;
	struct stat status;
	size_t got;
	int error;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode)) {
		*why = "is not a regular file; give files that end in " TRACE_SUFFIX;
		return -EINVAL;
	}
	memset(&header, 0, sizeof header);
	got = trace_read_bytes(fd, &header, sizeof header, 0);
	*why = trace_refusal(&header, got);
	if (*why)
		return -EINVAL;
	error = size_up(trace, &header, status.st_size);
	if (error)
		return error;
	trace->owner = status.st_uid;
	got = read_data(fd, trace->bytes, trace->size);
	if (got < sizeof header) {
		*why = "changed while it was read; try again";
		return -EAGAIN;
	}
	trace->missing += trace->size - got;
	trace->size = got & ~(size_t)(TRACE_ALIGN - 1);
	trace->header = (const struct trace_header *)trace->bytes;
	*why = trace_refusal(trace->header, got);
	if (*why)
		return -EINVAL;
	trace_walk_records(trace);
	if (header.end == TRACE_END_UNKNOWN)
		trace->running = process_alive(header.pid, path, &status);
	if (trace->running)
		read_calls_again(trace, fd);
	clock_gettime(CLOCK_MONOTONIC, &now);
	trace->read_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return 0;
}

int trace_file_read(struct trace_file *trace, const char *path, char sentence[TRACE_SENTENCE_SIZE])
{
	/* O_NONBLOCK: a FIFO must not block us. */
	int fd = ancestor_open_trace(path, O_RDONLY | O_NONBLOCK), error;
	const char *why = NULL;

	memset(trace, 0, sizeof *trace);
	error = fd < 0 ? -errno : read_open(trace, fd, path, &why);
	if (fd >= 0)
		close(fd);
	if (!error)
		return 0;
	trace_file_close(trace);
	if (why)
		snprintf(sentence, TRACE_SENTENCE_SIZE, "%s %s", path, why);
	else
		snprintf(sentence, TRACE_SENTENCE_SIZE, "%s cannot be read: %s%s", path,
			 strerror(-error),
			 error == -EACCES || error == -EPERM
				 ? "; traces are for the user who ran the program"
				 : "");
	return error;
}

void trace_file_take(struct trace_file *trace, unsigned char *bytes, size_t size,
		     struct process_image *image)
{
	*trace = (struct trace_file){
		.bytes = bytes,
		.size = size,
		.header = (const void *)bytes,
		.owner = image->owner,
		.running = !image->is_core,
		.image = image,
	};
	trace_walk_records(trace);
	trace->read_ns = clock_monotonic_ns();
}

bool trace_file_memory(const struct trace_file *trace, struct process_memory *memory)
{
	if (!trace->image || !trace->image->is_core)
		return process_memory_open(memory, trace->header->pid);
	*memory = (struct process_memory){ .fd = -1, .core = &trace->image->core };
	return true;
}

size_t trace_file_threads(const struct trace_file *trace, int32_t *tids, size_t room)
{
	const struct process_image watched = { .pid = trace->header->pid };

	return process_image_threads(trace->image ? trace->image : &watched, tids, room);
}

bool trace_file_wait(const struct trace_file *trace, int32_t tid, struct thread_wait *wait)
{
	if (trace->image && trace->image->is_core)
		return core_file_wait(&trace->image->core, tid, wait);
	return thread_wait_read(trace->header->pid, tid, wait);
}

void trace_file_close(struct trace_file *trace)
{
	if (trace->image)
		process_image_close(trace->image);
	free(trace->image);
	free(trace->bytes);
	free(trace->known);
	for (size_t i = 0; i < TRACE_RECORD_TYPES; i++)
		free(trace->records[i].offsets);
	memset(trace, 0, sizeof *trace);
}

uint64_t trace_file_last_ns(const struct trace_file *trace)
{
	return trace->running	       ? trace->read_ns
	       : trace->header->end_ns ? trace->header->end_ns
				       : trace->header->looked_ns;
}

uint64_t trace_clock_ns(const struct trace_file *trace, uint64_t ticks)
{
	size_t count = trace->records[RECORD_CLOCK].count;
	const struct trace_clock *clock;

	if (!count)
		return 0;
	clock = (const void *)(trace->bytes + trace->records[RECORD_CLOCK].offsets[count - 1]);
	return clock->ns + (uint64_t)(((__int128)ticks - (__int128)clock->ticks) *
					      (__int128)(clock->scale & (UINT64_MAX >> 1)) >>
				      32);
}

bool trace_file_damage(const struct trace_file *trace, const char *path,
		       char sentence[TRACE_SENTENCE_SIZE])
{
	if (trace->missing)
		snprintf(sentence, TRACE_SENTENCE_SIZE,
			 "%s is cut short by %zu bytes, so findings may be missing; copy it again",
			 path, trace->missing);
	else if (trace->passed_over)
		snprintf(sentence, TRACE_SENTENCE_SIZE,
			 "%s is damaged: %zu bytes made no sense, so findings may be missing; "
			 "run the program again",
			 path, trace->passed_over);
	else if (!trace->records[RECORD_PROCESS].count && !trace->running)
		snprintf(
			sentence, TRACE_SENTENCE_SIZE,
			"%s does not name its program: that ended as the trace began, or the trace "
			"is damaged; run the program again",
			path);
	else
		return false;
	return true;
}

bool trace_file_is_incomplete(const struct trace_file *trace)
{
	return trace->missing || trace->passed_over;
}

const void *trace_file_record(const struct trace_file *trace, uint32_t offset,
			      enum record_type type)
{
	const struct trace_record *record;

	if (offset % TRACE_ALIGN || offset >= trace->size ||
	    !(trace->known[offset / TRACE_ALIGN / 8] & 1 << offset / TRACE_ALIGN % 8))
		return NULL;
	record = (const struct trace_record *)(trace->bytes + offset);
	return record->type == (uint32_t)type ? record : NULL;
}

const struct trace_script *trace_file_script(const struct trace_file *trace, uint32_t offset,
					     union script_room *room)
{
	const struct trace_script_lines *lines =
		trace_file_record(trace, offset, RECORD_SCRIPT_LINES);
	struct trace_script *script = &room->script;

	if (!lines)
		return trace_file_record(trace, offset, RECORD_SCRIPT);
	memset(script, 0, sizeof *script);
	script->language = lines->language;
	for (uint32_t i = 0; i < lines->count; i++) {
		const struct trace_script_line *line =
			trace_file_record(trace, lines->lines[i], RECORD_SCRIPT_LINE);

		if (!line)
			continue;
		if (line->text_size >= TRACE_SCRIPT_SIZE - script->text_size)
			break;
		memcpy(script->text + script->text_size, line->text, line->text_size);
		script->text_size += line->text_size;
		script->text[script->text_size++] = '\n';
	}
	return script;
}

bool trace_file_call(const struct trace_file *trace, const struct trace_thread *thread,
		     struct trace_call_in_progress *call)
{
	*call = thread->call;
	if (!thread->alive || !(call->sequence & 1) ||
	    !trace_file_record(trace, call->call, RECORD_CALL) ||
	    !trace_file_record(trace, call->executor, RECORD_EXECUTOR))
		return false;
	if (call->depth > TRACE_MAX_FRAMES)
		call->depth = TRACE_MAX_FRAMES;
	if (call->script_size > TRACE_SCRIPT_SIZE)
		call->script_size = TRACE_SCRIPT_SIZE;
	return call->depth > 0;
}
