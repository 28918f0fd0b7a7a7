"""Programs that do nothing wrong: whatever is found here at warning or error is a false alarm.

    asyncio_quiet.py CASE
"""

import asyncio
import logging
import concurrent.futures
import concurrent.futures.thread  # asyncio would import it inside the loop: a file read of its own
import queue
import socket
import subprocess
import sys
import threading
import time


def block_freely():
    time.sleep(0.02)  # EXPECT-NONE
    with open("data.txt") as stream:  # EXPECT-NONE
        assert stream.read()  # EXPECT-NONE
    subprocess.run(["true"], check=True)  # EXPECT-NONE


async def work():
    async def one(number):
        for _ in range(5):
            await asyncio.sleep(number % 4 / 1000)

    await asyncio.gather(*(one(number) for number in range(20)))


def two_runs():
    """Plain code between two loops, on the thread that ran the first and will run the second."""
    block_freely()
    asyncio.run(work())
    block_freely()
    asyncio.run(work())
    block_freely()


def run_until_complete():
    """The same with a loop that is kept: it rests in between."""
    loop = asyncio.new_event_loop()
    for _ in range(3):
        loop.run_until_complete(work())
        block_freely()
    loop.close()
    block_freely()


def pool():
    """A pool of threads that takes its work from a queue: no loop in sight."""
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        for future in [threads.submit(block_freely) for _ in range(6)]:
            future.result()  # EXPECT-NONE


def threads():
    """A loop on one thread, and others that wait for each other as they like."""
    items = queue.Queue(1)

    def produce():
        for number in range(10):
            time.sleep(0.002)  # EXPECT-NONE
            items.put(number)  # EXPECT-NONE
        items.put(None)

    def consume():
        while items.get() is not None:  # EXPECT-NONE
            block_freely()

    both = [threading.Thread(target=produce), threading.Thread(target=consume)]
    for thread in both:
        thread.start()
    asyncio.run(work())
    for thread in both:
        thread.join()  # EXPECT-NONE


def busy_threads():
    """A thread that computes: the loop has to wait for the interpreter's lock, which no call of the program asked for."""
    stop = False

    def compute():
        number = 0
        while not stop:
            number += 1

    thread = threading.Thread(target=compute)
    thread.start()
    asyncio.run(work())
    stop = True
    thread.join()  # EXPECT-NONE


def subprocesses():
    """asyncio's own processes: started by the loop, waited for by it."""

    async def run():
        process = await asyncio.create_subprocess_exec("sleep", "0.02")  # EXPECT-NONE
        assert await process.wait() == 0  # EXPECT-NONE
        process = await asyncio.create_subprocess_exec("echo", "text", stdout=subprocess.PIPE)  # EXPECT-NONE
        output, _ = await process.communicate()  # EXPECT-NONE
        assert output == b"text\n"

    asyncio.run(run())


def passed():
    """A sleep of no length, by which other threads are let run."""

    async def run():
        for _ in range(100):
            time.sleep(0)  # EXPECT-NONE
            await asyncio.sleep(0)

    asyncio.run(run())


def sendfile():
    """The loop's own way to send a file, which reads it as the socket takes it."""

    async def run():
        loop = asyncio.get_running_loop()
        one, other = socket.socketpair()
        one.setblocking(False)
        other.setblocking(False)
        with await asyncio.to_thread(open, "data.txt", "rb") as stream:
            size = await loop.sock_sendfile(one, stream)  # EXPECT-NONE
        assert await loop.sock_recv(other, size)
        one.close()
        other.close()

    asyncio.run(run())


def debug():
    """asyncio's debug mode, and a traceback that is logged, read sources."""

    async def fail():
        loop = asyncio.get_running_loop()
        for _ in range(5):
            loop.call_soon(loop.create_future().set_result, None)  # EXPECT-NONE
            await asyncio.sleep(0.002)
        try:
            raise ValueError
        except ValueError:
            logging.exception("expected")  # EXPECT-NONE

    asyncio.run(fail(), debug=True)


async def offload():
    """The loop's pool is ended by a thread that the loop joins; here that thread's end takes time."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await asyncio.to_thread(int)
    loop.slow = True


def slow_end(base=asyncio.SelectorEventLoop):
    class Loop(base):
        slow = False

        def call_soon_threadsafe(self, *arguments, **keywords):
            handle = super().call_soon_threadsafe(*arguments, **keywords)
            if self.slow:
                time.sleep(0.05)  # EXPECT-NONE
            return handle

    asyncio.set_event_loop_policy(type("Policy", (asyncio.DefaultEventLoopPolicy,), {"_loop_factory": Loop})())
    asyncio.run(offload())  # EXPECT-NONE


def slow_end_of_uvloop():
    import uvloop
    slow_end(uvloop.Loop)


CASES = {
    case.__name__: case
    for case in (two_runs, run_until_complete, pool, threads, busy_threads, subprocesses, passed, sendfile, debug, slow_end,
                 slow_end_of_uvloop)
}

CASES[sys.argv[1]]()
print("done")
