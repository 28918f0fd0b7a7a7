#include "clients.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "descriptors.h"
#include "origins.h"
#include "runtime/base/system_call.h"

#define DESCRIPTORS	1024 /* lowest ones that are looked at */
#define CONNECTIONS	64   /* of these, the most that are asked about */
#define RECENT_MS	10000
#define ESTABLISHED	1 /* TCP_ESTABLISHED of linux/net/tcp_states.h */
#define MOST_UNANSWERED 4 /* a client that sends more and never gets an answer expects none */

/*
 * The times are those of the kernel's timer, 4 ms at worst, and begin with the connection. A client
 * that closed its side may have gone.
 */
static bool is_asked(int fd, uint64_t ms)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof info;

	if (system_call(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&info, (long)&size, 0) ||
	    size < offsetof(struct tcp_info, tcpi_delivery_rate) ||
	    info.tcpi_state != ESTABLISHED || info.tcpi_last_data_recv >= ms + RECENT_MS)
		return false;
	if (!info.tcpi_data_segs_out)
		return info.tcpi_data_segs_in && info.tcpi_data_segs_in <= MOST_UNANSWERED;
	return info.tcpi_last_data_recv < info.tcpi_last_data_sent;
}

bool clients_wait(uint64_t ns)
{
	unsigned asked = 0;

	for (int fd = 0; fd < DESCRIPTORS && asked < CONNECTIONS; fd++) {
		if (origin_of(fd) != ORIGIN_ACCEPTED ||
		    descriptor_get(fd).subject != SUBJECT_SOCKET)
			continue;
		if (is_asked(fd, ns / 1000000))
			return true;
		asked++;
	}
	return false;
}
