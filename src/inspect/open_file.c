#include "open_file.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/strings.h"

#define MAX_SOCKETS  65536   /* lines that are read of a process's list */
#define TCP_LISTENS  10	     /* TCP_LISTEN of linux/net/tcp_states.h */
#define UNIX_ACCEPTS 0x10000 /* __SO_ACCEPTCON of linux/net.h */

const char *socket_address_text(struct strings *strings, const void *bytes, size_t size)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
		struct sockaddr_un local;
	} address = { 0 };
	const size_t path = offsetof(struct sockaddr_un, sun_path);
	char text[INET6_ADDRSTRLEN];

	memcpy(&address, bytes, size < sizeof address ? size : sizeof address);
	switch (address.any.sa_family) {
	case AF_INET:
		return inet_ntop(AF_INET, &address.four.sin_addr, text, sizeof text)
			       ? strings_print(strings, "%s:%u", text, ntohs(address.four.sin_port))
			       : NULL;
	case AF_INET6:
		return inet_ntop(AF_INET6, &address.six.sin6_addr, text, sizeof text)
			       ? strings_print(strings, "[%s]:%u", text,
					       ntohs(address.six.sin6_port))
			       : NULL;
	case AF_UNIX:
		if (size <= path || size > sizeof address.local)
			return NULL;
		if (address.local.sun_path[0])
			return strings_keep_part(strings, address.local.sun_path, size - path);
		return size > path + 1 ? strings_print(strings, "@%s",
						       strings_keep_part(strings,
									 address.local.sun_path + 1,
									 size - path - 1))
				       : NULL;
	default:
		return NULL;
	}
}

/* The kernel prints an address as its words in the machine's byte order: tcp_seq_show(). */
static bool parse_address(const char *text, struct sockaddr_storage *peer, socklen_t *size)
{
	struct sockaddr_in *four = (void *)peer;
	struct sockaddr_in6 *six = (void *)peer;
	uint32_t words[4];
	unsigned port;

	memset(peer, 0, sizeof *peer);
	if (sscanf(text, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%X", &words[0],
		   &words[1], &words[2], &words[3], &port) == 5) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		memcpy(&six->sin6_addr, words, sizeof words);
		*size = sizeof *six;
	} else if (sscanf(text, "%8" SCNx32 ":%X", &words[0], &port) == 2) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		four->sin_addr.s_addr = words[0];
		*size = sizeof *four;
	} else {
		return false;
	}
	return port != 0;
}

/* Finds a socket by its number in a list such as /proc/PID/net/tcp. */
static bool find_peer(pid_t pid, const char *list, unsigned long number, struct open_file *file)
{
	char path[64], line[512], local[64], remote[64];
	unsigned long inode;
	bool found = false;
	unsigned state;
	FILE *stream;

	snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, list);
	stream = fopen(path, "re");
	for (unsigned n = 0; stream && !found && n < MAX_SOCKETS; n++) {
		if (!fgets(line, sizeof line, stream))
			break;
		found = sscanf(line, "%*s %63s %63s %x %*s %*s %*s %*s %*s %lu", local, remote,
			       &state, &inode) == 4 &&
			inode == number;
	}
	if (stream)
		fclose(stream);
	if (!found)
		return false;
	if (!parse_address(remote, &file->peer, &file->peer_size))
		file->peer_size = 0;
	if (!parse_address(local, &file->local, &file->local_size))
		file->local_size = 0;
	file->protocol = *list == 't' ? "TCP" : "UDP";
	file->listens = *list == 't' && state == TCP_LISTENS;
	return true;
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static void find_unix(pid_t pid, unsigned long number, struct open_file *file)
{
	char path[64], line[512];
	unsigned long inode;
	unsigned flags;
	FILE *stream;
	int name;

	snprintf(path, sizeof path, "/proc/%d/net/unix", (int)pid);
	stream = fopen(path, "re");
	for (unsigned n = 0; stream && !file->protocol && n < MAX_SOCKETS; n++) {
		if (!fgets(line, sizeof line, stream))
			break;
		if (sscanf(line, "%*s %*s %*s %x %*s %*s %lu%n", &flags, &inode, &name) != 2 ||
		    inode != number)
			continue;
		file->protocol = "Unix";
		file->listens = flags & UNIX_ACCEPTS;
		sscanf(line + name, " %107s", file->path);
	}
	if (stream)
		fclose(stream);
}

bool open_file_read(pid_t pid, int fd, struct open_file *file)
{
	static const char *const lists[] = { "tcp", "tcp6", "udp", "udp6" };
	unsigned long number;
	char path[64];
	ssize_t length;

	memset(file, 0, sizeof *file);
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(path, file->link, sizeof file->link - 1);
	if (length <= 0)
		return false;
	file->link[length] = '\0';
	if (sscanf(file->link, "socket:[%lu]", &number) != 1)
		return true;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (find_peer(pid, lists[i], number, file))
			return true;
	find_unix(pid, number, file);
	return true;
}
