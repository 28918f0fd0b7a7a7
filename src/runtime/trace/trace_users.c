#include "trace_users.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/compiler.h"
#include "runtime/base/system_call.h"
#include "trace_records.h"

/* sshd and Samba change to a new user for each client. */
#define MOST_USERS 8
/* The owner, its group, the mask and the others, and what an administrator added. */
#define MOST_ENTRIES (MOST_USERS + 16)

#define ACCESS	     "system.posix_acl_access"

/* As linux/posix_acl_xattr.h defines them: little-endian, entries in the order of their tags. */
struct access_list {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[MOST_ENTRIES];
};

/* Users that need nothing more, in this process and its children. */
static uid_t served[MOST_USERS];
static unsigned served_count;

static bool is_served(uid_t user)
{
	unsigned count = __atomic_load_n(&served_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count && i < MOST_USERS; i++)
		if (served[i] == user)
			return true;
	return count >= MOST_USERS;
}

/* The list of a directory that has only a mode. */
static size_t list_of_mode(struct access_list *list, mode_t mode)
{
	list->header.a_version = POSIX_ACL_XATTR_VERSION;
	list->entries[0] = (struct posix_acl_xattr_entry){ ACL_USER_OBJ, mode >> 6 & 7, ~0U };
	list->entries[1] = (struct posix_acl_xattr_entry){ ACL_GROUP_OBJ, mode >> 3 & 7, ~0U };
	list->entries[2] = (struct posix_acl_xattr_entry){ ACL_MASK, mode >> 3 & 7, ~0U };
	list->entries[3] = (struct posix_acl_xattr_entry){ ACL_OTHER, mode & 7, ~0U };
	return 4;
}

/* The number of entries of the directory's list; 0: it has none that fits, or no support for it. */
static size_t read_list(int fd, struct access_list *list, mode_t mode)
{
	long size = system_call(SYS_fgetxattr, fd, (long)ACCESS, (long)list, sizeof *list, 0, 0);

	if (size == -ENODATA)
		return list_of_mode(list, mode);
	if (size < (long)sizeof list->header || list->header.a_version != POSIX_ACL_XATTR_VERSION)
		return 0;
	return ((size_t)size - sizeof list->header) / sizeof *list->entries;
}

/* Inserts an entry after the owner, sorted by user. False if the user has one, or there is no room.
 */
static bool add_user(struct access_list *list, size_t count, uid_t user)
{
	struct posix_acl_xattr_entry *entries = list->entries;
	size_t at = 1;

	if (!count || count == MOST_ENTRIES)
		return false;
	while (at < count && entries[at].e_tag == ACL_USER && entries[at].e_id < user)
		at++;
	if (at < count && entries[at].e_tag == ACL_USER && entries[at].e_id == user)
		return false;
	memmove(entries + at + 1, entries + at, (count - at) * sizeof *entries);
	entries[at] = (struct posix_acl_xattr_entry){ ACL_USER, ACL_WRITE | ACL_EXECUTE, user };
	for (size_t i = 0; i <= count; i++)
		if (entries[i].e_tag == ACL_MASK)
			entries[i].e_perm |= ACL_WRITE | ACL_EXECUTE;
	return true;
}

/* The sticky bit keeps each user from removing the traces of others. */
static void let_make(int fd, uid_t user)
{
	struct access_list list;
	struct stat status = { 0 };
	size_t count;

	if (system_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) || status.st_uid ||
	    status.st_mode & S_IWOTH)
		return;
	count = read_list(fd, &list, status.st_mode);
	if (!add_user(&list, count, user) ||
	    (!(status.st_mode & S_ISVTX) &&
	     system_call(SYS_fchmod, fd, (status.st_mode & 07777) | S_ISVTX, 0, 0, 0, 0)))
		return;
	system_call(SYS_fsetxattr, fd, (long)ACCESS, (long)&list,
		    (long)(sizeof list.header + (count + 1) * sizeof *list.entries), 0, 0);
}

/* A link could lead to a directory of the system. */
void trace_let_user_make(uid_t user)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	unsigned at;
	int fd;

	if (!user || user == (uid_t)-1 || geteuid() || is_served(user))
		return;
	fd = (int)system_call(SYS_openat2, AT_FDCWD, (long)trace_directory(), (long)&how,
			      sizeof how, 0, 0);
	if (fd < 0)
		return;
	let_make(fd, user);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	at = __atomic_fetch_add(&served_count, 1, __ATOMIC_ACQ_REL);
	if (at < MOST_USERS)
		served[at] = user;
}
