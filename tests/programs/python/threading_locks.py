"""Locks of threading that coroutines hold across an await, and many that none does.

    threading_locks.py [--uvloop|--trio|--quit] CASE       --quit: one that hangs ends after half a second, with status 3
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import importlib
import io
import logging
import os
import queue
import subprocess
import sys
import threading
import time

lock, recursive = threading.Lock(), threading.RLock()
sleep = asyncio.sleep


async def settle():
    for _ in range(3):
        await sleep(0.001)


# Held across an await.


async def across():
    await settle()
    with lock:  # EXPECT warning lock-across-yield role=acquired case=across|first
        await sleep(0.02)  # EXPECT warning lock-across-yield role=yielded case=across|first


async def first():
    """Before the loop has waited for anything."""
    lock.acquire()  # EXPECT warning lock-across-yield role=acquired case=first
    await sleep(0.01)  # EXPECT warning lock-across-yield role=yielded case=first
    lock.release()
    await across()


async def waited():
    """For another thread to be kept waiting makes it worse."""
    worker = threading.Thread(target=hold, args=(0,))
    await settle()
    with lock:  # EXPECT error lock-across-yield role=acquired case=waited
        asyncio.get_running_loop().call_later(0.01, worker.start)
        await sleep(0.2)  # EXPECT error lock-across-yield role=yielded case=waited
    await settle()
    worker.join()


def take():
    recursive.acquire()  # EXPECT warning lock-across-yield role=acquired case=helper
    recursive.acquire()
    recursive.release()


async def helper():
    await settle()
    take()
    await settle()  # EXPECT warning lock-across-yield role=yielded case=helper
    recursive.release()


@contextlib.contextmanager
def guarded():
    lock.acquire()  # EXPECT warning lock-across-yield role=acquired case=manager
    try:
        yield
    finally:
        lock.release()


async def manager():
    await settle()
    with guarded():
        await sleep(0.01)  # EXPECT warning lock-across-yield role=yielded case=manager


async def tried():
    await settle()
    assert lock.acquire(blocking=False)  # EXPECT error lock-across-yield role=acquired case=tried
    await sleep(0.01)  # EXPECT error lock-across-yield role=yielded case=tried
    assert not lock.acquire(blocking=False)
    assert not lock.acquire(timeout=0.0001)
    lock.release()
    with lock:
        pass


# And wanted by another task of the same loop: it hangs.


async def refresh():
    with lock:  # EXPECT error deadlock role=holding case=same_turn EXPECT error deadlock role=waiting case=same_turn ALLOW error sem_wait case=same_turn
        await sleep(0.1)


async def same_turn():
    await settle()
    await asyncio.gather(refresh(), refresh())


async def holder():
    with lock:  # EXPECT error deadlock role=holding case=later_turn EXPECT error lock-across-yield role=acquired case=later_turn
        await sleep(60)  # EXPECT error lock-across-yield role=yielded case=later_turn


async def later_turn():
    await settle()
    task = asyncio.ensure_future(holder())
    await settle()
    lock.acquire()  # EXPECT error deadlock role=waiting case=later_turn ALLOW error sem_wait case=later_turn
    await task


async def relock():
    await settle()
    lock.acquire()  # EXPECT error deadlock role=holding case=relock
    await_nothing()


def await_nothing():
    lock.acquire()  # EXPECT error deadlock role=waiting case=relock ALLOW error sem_wait case=relock


async def nested():
    await settle()
    with lock:  # EXPECT error deadlock role=holding case=nested
        with lock:  # EXPECT error deadlock role=waiting case=nested ALLOW error sem_wait case=nested
            pass


# No lock is held across an await.


async def released():
    for _ in range(20):
        with lock, recursive, recursive:
            pass
        lock.acquire()
        lock.release()
        assert lock.acquire(blocking=False)
        lock.release()
        await settle()


async def of_asyncio():
    guard = asyncio.Lock()

    async def one():
        async with guard:
            await sleep(0.005)

    await asyncio.gather(*(one() for _ in range(4)))


def hold(seconds):
    with lock:
        time.sleep(seconds)


async def of_worker():
    work = asyncio.get_running_loop().run_in_executor(None, hold, 0.03)
    await sleep(0.01)
    assert not lock.acquire(blocking=False)
    await work


async def queues():
    first_queue, second_queue = queue.SimpleQueue(), queue.Queue()

    def work():
        for _ in range(5):
            second_queue.put(first_queue.get())

    worker = threading.Thread(target=work)
    worker.start()
    for number in range(5):
        first_queue.put(number)
        await settle()
        if not second_queue.empty():
            second_queue.get_nowait()
    await asyncio.get_running_loop().run_in_executor(None, worker.join)


async def logs():
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(handler)
    for _ in range(5):
        logging.getLogger("app").warning("message")
        await settle()


async def futures():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*(asyncio.wrap_future(pool.submit(time.sleep, 0.003)) for _ in range(4)))


async def conditions():
    """To wait for them is another fault; what they take for that changes hands."""
    event, condition = threading.Event(), threading.Condition()
    event.wait(0.0001)  # ALLOW error|warning sem_clockwait case=conditions
    await settle()
    threading.Timer(0.003, event.set).start()
    event.wait()  # ALLOW error|warning sem_wait case=conditions
    await settle()
    for plain in condition, threading.Condition(threading.Lock()):
        with plain:
            plain.wait(0.0001)  # ALLOW error|warning sem_clockwait case=conditions
        await settle()
        with plain:
            threading.Timer(0.003, wake, (plain,)).start()  # within: or it may be over before the wait
            plain.wait()  # ALLOW error|warning sem_wait case=conditions
        await settle()
    with threading.Semaphore(2):
        await settle()


def wake(condition):
    with condition:
        condition.notify_all()


async def dropped():
    """As good as free."""
    for _ in range(50):
        local = threading.Lock()
        local.acquire()
        del local
        await sleep(0)


async def handed_over():
    """Released by the thread that it was taken for, before the loop waits."""
    for _ in range(5):
        lock.acquire()
        worker = threading.Thread(target=lock.release)
        worker.start()
        worker.join()  # ALLOW error|warning sem_wait case=handed_over
        with lock:
            pass
        await settle()


async def modules():
    for name in "colorsys", "sched", "nturl2path":
        importlib.import_module(name)
        await settle()


class Lazy:
    @functools.cached_property
    def value(self):
        return 1


async def library():
    assert Lazy().value
    process = subprocess.Popen(["true"])
    await settle()
    process.poll()
    await settle()


def outside():
    """Held all the while that the loop runs, by the code around it."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(settle())
    lock.acquire()
    loop.run_until_complete(settle())
    loop.run_until_complete(settle())
    lock.release()
    loop.run_until_complete(settle())
    loop.close()


async def many():
    for case in released, queues, futures, conditions, handed_over, dropped, modules:
        await case()


def main():
    global sleep
    case = globals()[sys.argv[-1]]
    if not asyncio.iscoroutinefunction(case):
        case()
    elif sys.argv[1] == "--trio":
        import trio

        sleep = trio.sleep
        trio.run(case)
    else:
        if sys.argv[1] == "--uvloop":
            import uvloop

            uvloop.install()
        if sys.argv[1] == "--quit":
            threading.Timer(0.5, os._exit, (3,)).start()
        asyncio.run(case())
    print("done")


main()
