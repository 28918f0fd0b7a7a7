#!/usr/bin/env python3
"""A headline says what the call waited for: a file, a peer, the process at a pipe's other end, a lock's holder."""

import json
import re
import socket
import subprocess
import sys
import threading
import time

from cli.place import YIELDSAN, expect, report_of, run, run_tests

PROGRAM = r"""
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int held, wanted;

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

static void hold(void)
{
	pthread_mutex_lock(&lock);
	held = 1;
	while (!wanted)
		pause_ms(1);
	pause_ms(100);
	pthread_mutex_unlock(&lock);
}

static void *in_a_turn(void *unused)
{
	prctl(PR_SET_NAME, "holder");
	yieldsan_turn_begin("pump");
	hold();
	yieldsan_turn_end();
	return unused;
}

static void *outside(void *unused)
{
	prctl(PR_SET_NAME, "stranger");
	hold();
	return unused;
}

static void wait_for_lock(void *(*holder)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, holder, NULL);
	while (!held)
		pause_ms(1);
	yieldsan_turn_begin("pump");
	wanted = 1;
	pthread_mutex_lock(&lock);
	yieldsan_turn_end();
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
}

/* A child that writes to one end after a while. */
static void read_of_child(int fds[2])
{
	char byte;

	if (!fork()) {
		prctl(PR_SET_NAME, "writer");
		pause_ms(60);
		_exit(write(fds[1], "x", 1) != 1);
	}
	yieldsan_turn_begin("pump");
	read(fds[0], &byte, 1);
	yieldsan_turn_end();
	wait(NULL);
}

/* A child that empties the pipe after a while. */
static void write_to_child(int fds[2])
{
	char bytes[100000] = "";

	if (!fork()) {
		prctl(PR_SET_NAME, "reader");
		close(fds[1]);
		pause_ms(60);
		while (read(fds[0], bytes, sizeof bytes) > 0)
			;
		_exit(0);
	}
	yieldsan_turn_begin("pump");
	write(fds[1], bytes, sizeof bytes);
	yieldsan_turn_end();
	close(fds[1]);
	wait(NULL);
}

static void wait_for_child(bool named)
{
	int ready[2];
	char byte;
	pid_t child;

	pipe(ready);
	child = fork();
	if (!child) {
		if (named)
			prctl(PR_SET_NAME, "worker");
		write(ready[1], "x", 1);
		pause_ms(150);
		_exit(0);
	}
	read(ready[0], &byte, 1);
	yieldsan_turn_begin("pump");
	waitpid(child, NULL, 0);
	yieldsan_turn_end();
}

static int connected(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (void *)&to, sizeof to))
		_exit(1);
	return fd;
}

static void write_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	yieldsan_turn_begin("pump");
	write(fd, "x", 1);
	yieldsan_turn_end();
}

int main(int argc, char **argv)
{
	const char *what = argv[1];
	struct addrinfo *found;
	char bytes[100000] = "";
	int fds[2], fd;

	if (!strcmp(what, "turn"))
		wait_for_lock(in_a_turn);
	else if (!strcmp(what, "thread"))
		wait_for_lock(outside);
	else if (!strcmp(what, "pipe") && !pipe(fds))
		read_of_child(fds);
	else if (!strcmp(what, "full") && !pipe(fds))
		write_to_child(fds);
	else if (!strcmp(what, "child") || !strcmp(what, "copy"))
		wait_for_child(!strcmp(what, "child"));
	else if (!strcmp(what, "pair") && !socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		read_of_child(fds);
	else if (!strcmp(what, "file") || !strcmp(what, "files"))
		for (int i = 2; i < argc; i++)
			write_file(argv[i]);
	else if (!strcmp(what, "sleep")) {
		yieldsan_turn_begin("pump");
		pause_ms(30);
		yieldsan_turn_end();
	} else if (!strcmp(what, "peer")) {
		fd = connected(argv[2]);
		yieldsan_turn_begin("pump");
		recv(fd, bytes, 1, 0);
		yieldsan_turn_end();
	} else if (!strcmp(what, "host")) {
		yieldsan_turn_begin("pump");
		getaddrinfo(argv[2], NULL, NULL, &found);
		yieldsan_turn_end();
	} else if (!strcmp(what, "output")) {
		yieldsan_turn_begin("pump");
		write(STDOUT_FILENO, bytes, sizeof bytes);
		yieldsan_turn_end();
	} else if (!strcmp(what, "gone")) { /* the path's memory is gone when the call returns */
		char *path = "/no/such/file";

		yieldsan_turn_begin("pump");
		for (int i = 0; i < 100; i++)
			unlink(i % 2 ? path : (char *)8);
		yieldsan_turn_end();
	}
	return 0;
}
"""


def _message(place, *arguments, call):
    """The report's finding of this call: as text, and as JSON."""
    program = place / "program"
    if not program.exists():
        place.compile("program", "-g", "-pthread", "-Wno-unused-result", source=PROGRAM)
    report = place / "report.json"
    run("--format=json", f"--report={report}", "--show=notice", program, *arguments, cwd=place.path)
    found = [each for each in report_of(report)["findings"] if each.get("call") == call]
    expect(len(found) == 1, found)
    return found[0]["message"], found[0].get("waited_for")


def a_lock_names_its_holder_and_where_that_took_it(place):
    message, facts = _message(place, "turn", call="pthread_mutex_lock")
    expect(re.match(r"pthread_mutex_lock \(held by thread holder \(\d+\), taken in hold \(\S+:\d+\)\) blocks", message), message)
    expect(facts["kind"] == "lock" and facts["thread"] == "holder" and facts["tid"] > 0, facts)
    expect(facts["taken"][0]["function"] == "hold", facts)


def a_lock_that_a_plain_thread_holds_names_that_thread(place):
    message, facts = _message(place, "thread", call="pthread_mutex_lock")
    expect(re.match(r"pthread_mutex_lock \(held by thread stranger \(\d+\)\) blocks", message), message)
    expect("taken" not in facts, facts)


def a_pipe_names_the_child_at_its_other_end(place):
    message, facts = _message(place, "pipe", call="read")
    expect(re.match(r"read \(from a pipe of writer \(\d+\)\) blocks", message), message)
    expect(facts["kind"] == "pipe" and facts["process"] == "writer", facts)


def a_full_pipe_names_the_child_that_reads_it(place):
    message, facts = _message(place, "full", call="write")
    expect(re.match(r"write \(to a pipe to reader \(\d+\)\) blocks", message), message)
    expect(facts["kind"] == "pipe" and facts["process"] == "reader", facts)


def a_wait_names_the_child(place):
    message, facts = _message(place, "child", call="waitpid")
    expect(re.match(r"waitpid \(for worker \(\d+\)\) blocks", message), message)
    expect(facts["kind"] == "child" and facts["process"] == "worker" and facts["pid"] > 0, facts)


def a_child_that_is_still_a_copy_has_a_number(place):
    message, facts = _message(place, "copy", call="waitpid")
    expect(re.match(r"waitpid \(for process \d+\) blocks", message), message)
    expect(facts["kind"] == "child" and "process" not in facts, facts)


def a_socket_pair_is_called_one(place):
    message, facts = _message(place, "pair", call="read")
    expect(message.startswith("read (from a socket pair) blocks"), message)
    expect(facts == {"kind": "socket-pair"}, facts)


def a_socket_names_its_peer(place):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer():
            peer, _ = server.accept()
            time.sleep(0.06)
            peer.close()

        threading.Thread(target=answer).start()
        message, facts = _message(place, "peer", port, call="recv")
    expect(message.startswith(f"recv (from 127.0.0.1:{port}) blocks"), message)
    expect(facts == {"kind": "socket", "name": f"127.0.0.1:{port}"}, facts)


def a_file_is_named_by_its_path(place):
    message, facts = _message(place, "file", "out.txt", call="write")
    expect(message.startswith("write (to out.txt) blocks"), message)
    expect(facts == {"kind": "file", "name": str(place / "out.txt")}, facts)
    message, facts = _message(place, "files", "one", "two", call="write")
    expect(facts["name"] == str(place / "one"), facts)


def a_look_up_names_the_host(place):
    message, facts = _message(place, "host", "no-such-host.invalid", call="getaddrinfo")
    expect(message.startswith("getaddrinfo (for no-such-host.invalid) blocks"), message)
    expect(facts == {"kind": "host", "name": "no-such-host.invalid"}, facts)


def a_sleep_waits_for_nothing(place):
    message, facts = _message(place, "sleep", call="nanosleep")
    expect(message.startswith("nanosleep blocks") and facts is None, message)


def a_path_that_is_no_address_is_left_out(place):
    place.compile("program", "-g", "-pthread", "-Wno-unused-result", source=PROGRAM)
    result = run("--show=notice", place / "program", "gone", cwd=place.path)
    expect(result.status == 0 and "unlink" in result.err, result)


def sarif_and_text_say_it_too(place):
    _message(place, "pipe", call="read")
    report = place / "report.sarif"
    result = run("--format=sarif", f"--report={report}", place / "program", "pipe", cwd=place.path)
    texts = [each["message"]["text"] for each in json.loads(report.read_text())["runs"][0]["results"]]
    expect(any("a pipe of writer (" in text for text in texts), texts)
    result = run(place / "program", "pipe", cwd=place.path)
    expect(re.search(r"^ERROR   read \(from a pipe of writer \(\d+\)\) blocks", result.err, re.M), result)


def a_call_that_lasts_names_the_reader_of_a_full_pipe(place):
    program = place.compile("program", "-g", "-pthread", "-Wno-unused-result", source=PROGRAM)
    process = subprocess.Popen([YIELDSAN, "run", program, "output"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reported = ""
    for line in process.stderr:
        reported += line.decode()
        if "still blocked after" in reported:
            break
    process.stdout.read()
    process.communicate()
    expect(re.search(r"write \(to standard output, a pipe to \S+ \(\d+\)\) blocks .* still blocked after", reported), reported)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
