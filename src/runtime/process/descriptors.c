#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/events.h"
#include "runtime/base/file_status.h"
#include "runtime/libc/real.h"
#include "runtime/base/memory.h"
#include "runtime/base/memory_devices.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "opened_paths.h"

uint8_t *descriptor_table; /* 1 MiB of address space; only used pages take memory */
int descriptor_listener = -1;
static int highest; /* highest descriptor of which anything is known */

int descriptors_init(void)
{
	descriptor_table = memory_map(MAX_DESCRIPTORS);
	return descriptor_table ? 0 : -ENOMEM;
}

static bool in_table(int fd)
{
	return descriptor_table && fd >= 0 && fd < MAX_DESCRIPTORS;
}

COLD void descriptor_forget_in_loop(int fd)
{
	event_descriptors_closed((unsigned)fd, (unsigned)fd);
}

void descriptors_forget_range(unsigned first, unsigned last)
{
	unsigned end = last < (unsigned)highest ? last : (unsigned)highest;

	if (UNLIKELY(this_thread.loop_has_fds || descriptor_listener >= 0))
		event_descriptors_closed(first, last);
	for (unsigned fd = first; descriptor_table && fd <= end && fd < MAX_DESCRIPTORS; fd++)
		if (descriptor_table[fd])
			descriptor_table[fd] = 0;
}

static void descriptor_keep_byte(int fd, uint8_t byte)
{
	if (!in_table(fd))
		return;
	descriptor_table[fd] = byte;
	if (fd > __atomic_load_n(&highest, __ATOMIC_RELAXED))
		__atomic_store_n(&highest, fd, __ATOMIC_RELAXED);
}

static void descriptor_keep(int fd, struct descriptor known, uint8_t copied)
{
	descriptor_keep_byte(fd, (uint8_t)(known.subject | copied |
					   (known.nonblocking ? DESCRIPTOR_NONBLOCKING : 0) |
					   (known.append ? DESCRIPTOR_APPEND : 0)));
}

static uint8_t copied_bit(int fd)
{
	return in_table(fd) ? descriptor_table[fd] & DESCRIPTOR_COPIED : 0;
}

void descriptor_know(int fd, struct descriptor known)
{
	descriptor_keep(fd, known, 0);
}

void descriptor_changed(int fd)
{
	if (in_table(fd) && descriptor_table[fd])
		__atomic_fetch_and(&descriptor_table[fd], DESCRIPTOR_COPIED, __ATOMIC_RELAXED);
}

/* Both are the same open file. In a turn the original is asked, as many may be made of one. */
void descriptor_copied(int fd, int copy)
{
	uint8_t byte;

	if (this_thread.turn)
		descriptor_get(fd);
	byte = in_table(fd) ? descriptor_table[fd] : 0;
	descriptor_keep_byte(fd, byte | DESCRIPTOR_COPIED);
	descriptor_keep_byte(copy, byte | DESCRIPTOR_COPIED);
}

/* Which numbers are copies of which is not recorded: all that have a copy are queried again. */
static void copies_changed(int fd)
{
	if (in_table(fd) && !copied_bit(fd))
		return;
	for (int i = 0; i <= __atomic_load_n(&highest, __ATOMIC_RELAXED); i++)
		if (copied_bit(i))
			descriptor_changed(i);
}

void descriptor_set_nonblocking(int fd, bool nonblocking)
{
	copies_changed(fd);
	if (!in_table(fd) || !(descriptor_table[fd] & DESCRIPTOR_SUBJECT))
		return;
	if (nonblocking)
		__atomic_fetch_or(&descriptor_table[fd], DESCRIPTOR_NONBLOCKING, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&descriptor_table[fd], ~DESCRIPTOR_NONBLOCKING,
				   __ATOMIC_RELAXED);
}

void descriptor_set_flags(int fd, bool nonblocking, bool append)
{
	copies_changed(fd);
	if (!in_table(fd) || !(descriptor_table[fd] & DESCRIPTOR_SUBJECT))
		return;
	descriptor_keep(fd,
			(struct descriptor){ .subject = descriptor_table[fd] & DESCRIPTOR_SUBJECT,
					     .nonblocking = nonblocking,
					     .append = append },
			copied_bit(fd));
}

/* null, zero, full and urandom never wait; kmsg does. */
static bool is_memory_device(uint32_t minor)
{
	return minor == 3 || minor == 5 || minor == 7 || minor == 9;
}

static uint8_t subject_of(const struct statx *status, enum device_kind device)
{
	switch (status->stx_mode & S_IFMT) {
	case S_IFREG:
		return device == DEVICE_MEMORY ? SUBJECT_MEMORY_FILE : SUBJECT_REGULAR_FILE;
	case S_IFBLK:
		return SUBJECT_REGULAR_FILE;
	case S_IFDIR:
		return device == DEVICE_MEMORY ? SUBJECT_MEMORY_FILE : SUBJECT_DIRECTORY;
	case S_IFIFO:
		return SUBJECT_PIPE;
	case S_IFSOCK:
		return SUBJECT_SOCKET;
	case S_IFCHR:
		/* Terminals, and devices of memory: Documentation/admin-guide/devices.txt. */
		switch (status->stx_rdev_major) {
		case 1:
			return is_memory_device(status->stx_rdev_minor) ? SUBJECT_MEMORY_FILE
									: SUBJECT_DEVICE;
		case 4:
		case 5:
		case 136 ... 143:
			return SUBJECT_TERMINAL;
		}
		return SUBJECT_DEVICE;
	}
	return SUBJECT_EVENT; /* anonymous inodes have no type */
}

/* The device, if the subject depends on it. */
static enum device_kind device_of(const struct statx *status)
{
	return S_ISREG(status->stx_mode) || S_ISDIR(status->stx_mode)
		       ? memory_device_kind(status->stx_dev_major, status->stx_dev_minor)
		       : DEVICE_DISK;
}

struct descriptor descriptor_ask_with(int fd, int flags)
{
	struct descriptor known = { 0 };
	enum device_kind device;
	struct statx status;
	int saved = errno;

	if (!runtime_silent && fd >= 0 && file_status(fd, &status)) {
		if (flags == FLAGS_UNKNOWN)
			flags = real.fcntl(fd, F_GETFL);
		event_descriptor_used(fd);
		device = device_of(&status);
		known.subject = subject_of(&status, device);
		known.nonblocking = flags != -1 && flags & O_NONBLOCK;
		known.append = flags != -1 && flags & O_APPEND;
		if (device != DEVICE_UNKNOWN) /* otherwise it is queried again */
			descriptor_keep(fd, known, copied_bit(fd));
	}
	errno = saved;
	return known;
}

struct descriptor descriptor_opened(int fd, const char *path, int flags)
{
	uint64_t key = path && flags != FLAGS_UNKNOWN ? opened_path_key(path, flags) : 0;
	struct descriptor known = { .subject = (uint8_t)(key ? opened_path_subject(key) : 0) };

	if (known.subject == SUBJECT_NONE) {
		known = descriptor_ask_with(fd, flags);
		opened_path_learn(key, known.subject);
		return known;
	}
	known.nonblocking = flags & O_NONBLOCK;
	known.append = flags & O_APPEND;
	event_descriptor_used(fd);
	descriptor_keep(fd, known, copied_bit(fd));
	return known;
}

struct descriptor descriptor_get(int fd)
{
	uint8_t byte = in_table(fd) ? descriptor_table[fd] : 0;

	if (UNLIKELY(!(byte & DESCRIPTOR_SUBJECT)))
		return descriptor_ask(fd);
	return (struct descriptor){ .subject = byte & DESCRIPTOR_SUBJECT,
				    .nonblocking = byte & DESCRIPTOR_NONBLOCKING,
				    .append = byte & DESCRIPTOR_APPEND };
}
