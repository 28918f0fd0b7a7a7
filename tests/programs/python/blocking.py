"""Operations that block, each made ready before it is called where it must not be."""

import os
import socket
import subprocess
import threading
import time

WAIT = 0.05

# The codec of host names is imported at its first use, which should not be in a coroutine here.
"localhost".encode("idna")


class Helper:
    """A thread that makes an operation wait: it acts WAIT seconds after the operation began."""

    def __init__(self, act):
        self.begun = False
        self.act = act
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.begun:
            time.sleep(0.001)  # EXPECT-NONE: a thread without turns
        time.sleep(WAIT)  # EXPECT-NONE
        self.act()


def sleep():
    def block():
        time.sleep(WAIT)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=sleep

    return block


def file():
    def block():
        with open("data.txt") as stream:  # EXPECT warning|error open|open64|openat category=file case=file
            assert stream.read().startswith("line 0")  # EXPECT warning|error read category=file case=file

    return block


def compute():
    def block():
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            sum(range(100000))  # EXPECT error busy kind=long-turn case=compute

    return block


def fsync():
    descriptor = os.open("synced.txt", os.O_WRONLY | os.O_CREAT)

    def block():
        os.write(descriptor, b"text\n")  # EXPECT warning|error write category=file case=fsync
        os.fsync(descriptor)  # EXPECT warning|error fsync category=file case=fsync

    return block


def client():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()

    def answer():
        peer, _ = listener.accept()
        peer.sendall(b"x")
        peer.close()
        listener.close()

    helper = Helper(answer)

    def block():
        # A numeric address is looked up too, although no name service is asked.
        stream = socket.create_connection(address)  # EXPECT warning|error connect category=socket case=client ALLOW error getaddrinfo category=dns case=client
        helper.begun = True
        assert stream.recv(1) == b"x"  # EXPECT error recv|recvfrom|read category=socket case=client
        stream.close()

    return block


def client_in_time():
    """As urllib3 and requests do where no time-out is given: one for the connect alone."""
    listener = socket.create_server(("127.0.0.1", 0))
    stream = socket.create_connection(listener.getsockname(), timeout=5)
    peer, _ = listener.accept()
    listener.close()
    helper = Helper(lambda: peer.sendall(b"x"))

    def block():
        stream.settimeout(None)
        helper.begun = True
        assert stream.recv(1) == b"x"  # EXPECT error recv|recvfrom|read category=socket case=client_in_time
        stream.close()
        peer.close()

    return block


def modes():
    """Operations on descriptors that are not the loop's, each with a sleep behind it."""
    one, other = socket.socketpair()

    def block():
        one.settimeout(1)
        one.settimeout(None)
        time.sleep(0.002)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=modes
        one.setblocking(False)
        one.setblocking(True)
        time.sleep(0.002)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=modes
        os.set_blocking(other.fileno(), False)
        os.set_blocking(other.fileno(), True)
        time.sleep(0.002)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=modes
        copy = os.dup(other.fileno())
        os.dup2(one.fileno(), copy)
        time.sleep(0.002)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=modes
        os.closerange(copy, copy + 1)
        time.sleep(0.002)  # EXPECT error clock_nanosleep|nanosleep|select category=sleep case=modes
        one.close()
        other.close()

    return block


def run_program():
    def block():
        # Longer than what a child may take to end, should exec be slow and be reported.
        subprocess.run(["sleep", "0.2"], check=True)  # EXPECT error waitpid|wait4|waitid category=process case=run_program

    return block


def wait_then_program():
    reading, writing = os.pipe()
    helper = Helper(lambda: os.write(writing, b"x"))

    def block():
        helper.begun = True
        os.read(reading, 1)  # EXPECT error read category=pipe case=wait_then_program
        # The pipe that reported its exec is closed by then; its output is not at its end.
        subprocess.run(["sleep", "0.08"], check=True)  # EXPECT error waitpid|wait4|waitid category=process case=wait_then_program
        os.close(reading)
        os.close(writing)

    return block


def lookup():
    def block():
        socket.getaddrinfo("localhost", 80)  # EXPECT notice getaddrinfo category=dns case=lookup

    return block


def lock():
    lock = threading.Lock()
    lock.acquire()
    helper = Helper(lock.release)

    def block():
        helper.begun = True
        lock.acquire()  # EXPECT error sem_wait|sem_clockwait|sem_timedwait|pthread_cond_wait|pthread_cond_timedwait|pthread_cond_clockwait case=lock
        lock.release()

    return block


OPERATIONS = {
    operation.__name__: operation
    for operation in (
        sleep,
        file,
        fsync,
        client,
        client_in_time,
        modes,
        run_program,
        wait_then_program,
        lookup,
        lock,
        compute,
    )
}


def prepared(names):
    return [OPERATIONS[name]() for name in (OPERATIONS if "all" in names else names)]
