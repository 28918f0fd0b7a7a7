#include "ancestor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An ancestor stopped by the terminal does not answer. */
#define ANSWER_MS 1000

struct question {
	uint32_t number; /* late answers are dropped */
	uint32_t wish;
	int32_t pid, tid;
	char name[NAME_MAX + 1];
};

struct answer {
	uint32_t number;
	uint32_t size; /* size of the text; UINT32_MAX: refused */
	char text[ANCESTOR_TEXT_SIZE];
};

static const struct {
	const char *path;
	bool is_text;
} wishes[] = {
#define FILE_WISH(constant, path) [ANCESTOR_##constant] = { path, false },
#define TEXT_WISH(constant, path) [ANCESTOR_##constant] = { path, true },
	ANCESTOR_WISHES(FILE_WISH, TEXT_WISH)
#undef FILE_WISH
#undef TEXT_WISH
};

/* A process has one such ancestor. */
static int ancestor = -1;

void ancestor_set(int socket)
{
	ancestor = socket;
}

static int open_wish(const struct question *question, const char *directory)
{
	char path[PATH_MAX + NAME_MAX + 2];

	switch (question->wish) {
	case ANCESTOR_DIRECTORY:
		return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case ANCESTOR_TRACE:
		if (strchr(question->name, '/'))
			return -1;
		snprintf(path, sizeof path, "%s/%s", directory, question->name);
		return open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	default:
		if (question->wish >= sizeof wishes / sizeof *wishes)
			return -1;
		snprintf(path, sizeof path, wishes[question->wish].path, question->pid,
			 question->tid);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
}

static void send_answer(int socket, struct answer *answer, int fd)
{
	char room[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec part = { answer, sizeof *answer };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *head;

		message.msg_control = room;
		message.msg_controllen = sizeof room;
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	(void)!sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer_one(int socket, const char *directory, const struct question *question)
{
	struct answer answer = { .number = question->number, .size = UINT32_MAX };
	int fd = open_wish(question, directory);

	if (fd >= 0 && question->wish < ANCESTOR_DIRECTORY && wishes[question->wish].is_text) {
		ssize_t got = read(fd, answer.text, sizeof answer.text - 1);

		if (got >= 0)
			answer.size = (uint32_t)got;
		close(fd);
		fd = -1;
	} else if (fd >= 0) {
		answer.size = 0;
	}
	send_answer(socket, &answer, fd);
	if (fd >= 0)
		close(fd);
}

void ancestor_answer(int socket, const char *directory)
{
	struct question question;

	while (recv(socket, &question, sizeof question, MSG_DONTWAIT) == sizeof question) {
		question.name[sizeof question.name - 1] = '\0';
		answer_one(socket, directory, &question);
	}
}

/* The descriptor that came with a message, or -1. */
static int message_take_descriptor(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof fd))
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

/* The next message; false if none arrives in time. */
static bool ancestor_receive(int socket, int ms, struct answer *answer, int *fd)
{
	char room[CMSG_SPACE(sizeof *fd)];
	struct iovec part = { answer, sizeof *answer };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof room,
	};
	struct pollfd ready = { .fd = socket, .events = POLLIN };

	if (poll(&ready, 1, ms) <= 0 ||
	    recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof *answer)
		return false;
	*fd = message_take_descriptor(&message);
	return true;
}

static bool ancestor_send_question(struct question *question, struct answer *answer, int *fd)
{
	static uint32_t last;

	*fd = -1;
	question->number = ++last;
	if (ancestor < 0 || send(ancestor, question, sizeof *question,
				 MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof *question)
		return false;
	while (ancestor_receive(ancestor, ANSWER_MS, answer, fd)) {
		if (answer->number == question->number)
			return answer->size != UINT32_MAX;
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	return false;
}

int ancestor_open(enum ancestor_wish wish, pid_t pid, const char *name)
{
	struct question question = { .wish = wish, .pid = pid };
	struct answer answer;
	int fd;

	if (name && (size_t)snprintf(question.name, sizeof question.name, "%s", name) >=
			    sizeof question.name)
		return -1;
	return ancestor_send_question(&question, &answer, &fd) ? fd : -1;
}

int ancestor_open_trace(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC), error = errno;
	const char *slash = strrchr(path, '/');

	if (fd >= 0 || (error != EACCES && error != EPERM))
		return fd;
	fd = ancestor_open(ANCESTOR_TRACE, 0, slash ? slash + 1 : path);
	errno = error;
	return fd;
}

bool ancestor_read(enum ancestor_wish wish, pid_t pid, pid_t tid, char *text, size_t size)
{
	struct question question = { .wish = wish, .pid = pid, .tid = tid };
	struct answer answer;
	int fd;

	if (!ancestor_send_question(&question, &answer, &fd) || !answer.size ||
	    answer.size >= sizeof answer.text)
		return false;
	answer.text[answer.size] = '\0';
	snprintf(text, size, "%.*s", (int)strcspn(answer.text, "\n"), answer.text);
	return true;
}

bool ancestor_has_left(int socket, int ms)
{
	struct pollfd ready = { .fd = socket, .events = POLLIN };
	struct answer answer;
	ssize_t got;

	if (poll(&ready, 1, ms) <= 0)
		return false;
	/* Otherwise a late answer; its descriptor is closed with the message. */
	got = recv(socket, &answer, sizeof answer, MSG_DONTWAIT);
	return !got || (got < 0 && errno != EAGAIN && errno != EINTR);
}
