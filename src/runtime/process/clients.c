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

static bool take_info(int fd, struct tcp_info *info)
{
	socklen_t size = sizeof *info;

	return !system_call(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)info, (long)&size,
			    0) &&
	       size >= offsetof(struct tcp_info, tcpi_delivery_rate);
}

/*
 * The times are those of the kernel's timer, 4 ms at worst, and begin with the connection. A client
 * that closed its side may have gone.
 */
static bool is_asked(const struct tcp_info *info, uint64_t ms)
{
	if (info->tcpi_state != ESTABLISHED || info->tcpi_last_data_recv >= ms + RECENT_MS)
		return false;
	if (!info->tcpi_data_segs_out)
		return info->tcpi_data_segs_in && info->tcpi_data_segs_in <= MOST_UNANSWERED;
	return info->tcpi_last_data_recv < info->tcpi_last_data_sent;
}

/* A turn of so many ms has just ended: it sent data only after the client had waited for half of
 * it. */
static bool is_sent_late(const struct tcp_info *info, uint64_t ms)
{
	return info->tcpi_data_segs_out && info->tcpi_data_segs_in &&
	       info->tcpi_last_data_sent <= ms / 2;
}

/* The first segment in and the first one out may be of this turn. */
static bool is_answered_before(const struct tcp_info *info, uint64_t ms)
{
	if (info->tcpi_last_data_sent <= ms)
		return info->tcpi_data_segs_out > 1 && info->tcpi_data_segs_in > 1;
	return info->tcpi_data_segs_out > 0;
}

struct clients clients_look(uint64_t ns)
{
	struct clients seen = { 0 };
	uint64_t ms = ns / 1000000;
	unsigned asked = 0;

	for (int fd = 0; fd < DESCRIPTORS && asked < CONNECTIONS; fd++) {
		struct tcp_info info;

		if (origin_of(fd) != ORIGIN_ACCEPTED ||
		    descriptor_get(fd).subject != SUBJECT_SOCKET)
			continue;
		asked++;
		if (!take_info(fd, &info))
			continue;
		seen.wait |= is_asked(&info, ms);
		seen.waited |= is_sent_late(&info, ms);
		seen.served |= is_answered_before(&info, ms);
	}
	return seen;
}
