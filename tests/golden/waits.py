"""Seven ways to wait in a coroutine."""
import asyncio
import concurrent.futures
import queue
import socket
import subprocess
import threading
import time

pool = concurrent.futures.ThreadPoolExecutor()
numbers = queue.Queue()


async def backoff():
    time.sleep(0.22)


async def wait_for_flag():
    threading.Event().wait(0.19)


async def next_number():
    try:
        return numbers.get(timeout=0.16)
    except queue.Empty:
        return None


async def join_worker():
    worker = threading.Thread(target=time.sleep, args=(0.13,))
    worker.start()
    worker.join()


async def compute():
    return pool.submit(time.sleep, 0.1).result()


async def run_tool():
    subprocess.run(["sleep", "0.07"], check=True)


async def ask_peer():
    ours, theirs = socket.socketpair()
    threading.Timer(0.04, theirs.send, (b"x",)).start()
    ours.recv(1)


async def main():
    for handler in (backoff, wait_for_flag, next_number, join_worker, compute, run_tool, ask_peer):
        await asyncio.sleep(0.01)
        await handler()


asyncio.run(main())
