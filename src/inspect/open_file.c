#include "open_file.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_SOCKETS 65536 /* lines that are read of a process's list */

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
	char path[64], line[512], remote[64];
	unsigned long inode;
	bool found = false;
	FILE *stream;

	snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, list);
	stream = fopen(path, "re");
	for (unsigned n = 0; stream && !found && n < MAX_SOCKETS; n++) {
		if (!fgets(line, sizeof line, stream))
			break;
		found = sscanf(line, "%*s %*s %63s %*s %*s %*s %*s %*s %*s %lu", remote, &inode) ==
				2 &&
			inode == number;
	}
	if (stream)
		fclose(stream);
	if (!found || parse_address(remote, &file->peer, &file->peer_size))
		return found;
	file->peer_size = 0;
	return true;
}

bool open_file_read(pid_t pid, int fd, struct open_file *file)
{
	static const char *const lists[] = { "tcp", "tcp6", "udp", "udp6" };
	unsigned long number;
	char path[64];
	ssize_t length;

	file->peer_size = 0;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(path, file->link, sizeof file->link - 1);
	if (length <= 0)
		return false;
	file->link[length] = '\0';
	if (sscanf(file->link, "socket:[%lu]", &number) == 1)
		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
			if (find_peer(pid, lists[i], number, file))
				break;
	return true;
}
