#include "memory_devices.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "file_status.h"
#include "runtime.h"
#include "system_call.h"

#define TABLE_SIZE 1024 /* a power of two; three quarters of it are used */
#define TYPE_SIZE  16

bool memory_devices_stale = true;

/*
 * Open addressing; 0 is free. Bit 63: in use, bit 62: in memory. The spare table is filled when the
 * mounts are read again: a reader still in the current one finds the old contents.
 */
static uint64_t tables[2][TABLE_SIZE];
static uint64_t *table = tables[0];
static bool busy, was_read;

#define USED   (UINT64_C(1) << 63)
#define MEMORY (UINT64_C(1) << 62)

/*
 * Devices without a mount here: subvolumes of btrfs, mounts of other namespaces. A few are
 * remembered, so that the mounts are not read again for each of their files.
 */
static uint64_t elsewhere[16];
static unsigned elsewhere_next;

static uint64_t key_of(uint32_t major, uint32_t minor)
{
	return ((uint64_t)(major & 0x3fffffff) << 32) | minor;
}

static uint64_t *device_place_of(uint64_t *in, uint64_t key)
{
	unsigned place = (unsigned)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40);

	for (unsigned i = 0; i < TABLE_SIZE; i++, place++) {
		uint64_t *entry = &in[place & (TABLE_SIZE - 1)];

		if (!*entry || (*entry & ~(USED | MEMORY)) == key)
			return entry;
	}
	return NULL;
}

void memory_devices_changed(void)
{
	memset(elsewhere, 0, sizeof elsewhere);
	__atomic_store_n(&memory_devices_stale, true, __ATOMIC_RELEASE);
}

static enum device_kind kind_elsewhere(uint64_t key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (elsewhere[i] == (USED | key))
			return DEVICE_DISK;
	elsewhere[__atomic_fetch_add(&elsewhere_next, 1, __ATOMIC_RELAXED) %
		  ARRAY_SIZE(elsewhere)] = USED | key;
	__atomic_store_n(&memory_devices_stale, true, __ATOMIC_RELEASE);
	return DEVICE_UNKNOWN;
}

enum device_kind memory_device_kind(uint32_t major, uint32_t minor)
{
	uint64_t key = key_of(major, minor), *entry;

	/* A file system without its own disk has major number 0. */
	if (major)
		return DEVICE_DISK;
	/* A watched thread without turns: it polls a root future. */
	if (UNLIKELY(!SHARED_WORD(was_read)))
		memory_devices_read();
	entry = device_place_of(__atomic_load_n(&table, __ATOMIC_ACQUIRE), key);
	if (!entry || !*entry)
		return kind_elsewhere(key);
	return *entry & MEMORY ? DEVICE_MEMORY : DEVICE_DISK;
}

static bool is_memory(const char *type)
{
	static const char *const types[] = {
		"proc",	   "sysfs",   "tmpfs",	 "ramfs",     "rootfs",	    "devtmpfs", "cgroup",
		"cgroup2", "debugfs", "tracefs", "hugetlbfs", "securityfs", "nsfs",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static void device_add(uint64_t *to, unsigned *count, uint64_t key, bool memory)
{
	uint64_t *entry = *count < TABLE_SIZE / 4 * 3 ? device_place_of(to, key) : NULL;

	if (!entry || *entry)
		return;
	*entry = USED | key | (memory ? MEMORY : 0);
	(*count)++;
}

/*
 * A parser for lines of mountinfo, byte by byte: "36 35 98:0 /root /point options more - type
 * source".
 */
struct line {
	unsigned field; /* 2 is the device; the field after "-" is the type */
	unsigned size;	/* of the current field */
	bool dash, behind;
	uint32_t major, minor;
	bool colon;
	char type[TYPE_SIZE];
};

static void end_field(struct line *line)
{
	if (line->behind)
		line->field = UINT32_MAX / 2; /* ignore the rest */
	line->behind = line->dash && line->size == 1 && line->field > 5;
	line->field++;
	line->size = 0;
	line->dash = false;
}

static void take_byte(struct line *line, char byte)
{
	if (line->field == 2) {
		uint32_t *number = line->colon ? &line->minor : &line->major;

		if (byte == ':')
			line->colon = true;
		else
			*number = *number * 10 + (uint32_t)(byte - '0');
	} else if (line->behind && line->size < TYPE_SIZE - 1) {
		line->type[line->size] = byte;
	}
	line->dash = byte == '-';
	line->size++;
}

static void read_mounts(uint64_t *to, unsigned *count, int fd)
{
	char text[4096];
	struct line line = { 0 };
	long got;

	while ((got = system_call(SYS_read, fd, (long)text, sizeof text, 0, 0, 0)) > 0)
		for (long i = 0; i < got; i++) {
			if (text[i] == '\n') {
				if (!line.major)
					device_add(to, count, key_of(0, line.minor),
						   is_memory(line.type));
				line = (struct line){ 0 };
			} else if (text[i] == ' ') {
				end_field(&line);
			} else {
				take_byte(&line, text[i]);
			}
		}
}

/* Anonymous shared memory and memfds are on an internal mount of the kernel. */
static void add_memfd(uint64_t *to, unsigned *count)
{
	struct statx status = { 0 };
	long fd = system_call(SYS_memfd_create, (long)"yieldsan", 1 /* MFD_CLOEXEC */, 0, 0, 0, 0);

	if (fd < 0)
		return;
	if (file_status((int)fd, &status) && !status.stx_dev_major)
		device_add(to, count, key_of(0, status.stx_dev_minor), true);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

void memory_devices_read(void)
{
	uint64_t *next;
	unsigned count = 0;
	long fd;

	if (runtime_silent || __atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&was_read, true, __ATOMIC_RELAXED);
	__atomic_store_n(&memory_devices_stale, false, __ATOMIC_RELEASE);
	fd = system_call(SYS_open, (long)"/proc/self/mountinfo", O_RDONLY | O_CLOEXEC, 0, 0, 0, 0);
	/* In a new root directory without /proc the former contents are still valid. */
	if (fd >= 0) {
		next = __atomic_load_n(&table, __ATOMIC_RELAXED) == tables[0] ? tables[1]
									      : tables[0];
		memset(next, 0, sizeof tables[0]);
		add_memfd(next, &count);
		read_mounts(next, &count, (int)fd);
		system_call(SYS_close, fd, 0, 0, 0, 0, 0);
		__atomic_store_n(&table, next, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
}
