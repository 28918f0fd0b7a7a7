"""A turn that computes while another thread computes too: half of it is a wait for the interpreter's lock.

    asyncio_contended.py compute|idle

idle: the turns only wait for the lock.
"""

import asyncio
import sys
import threading
import time

over = threading.Event()


def spin():
    while not over.is_set():
        sum(range(1000))


def compute():
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        sum(range(1000))  # EXPECT error busy kind=long-turn case=compute


async def main():
    await asyncio.sleep(0.01)
    if sys.argv[1] == "compute":
        compute()
    else:
        for _ in range(20):
            sum(range(1000))
            await asyncio.sleep(0.001)


other = threading.Thread(target=spin)
other.start()
asyncio.run(main())
over.set()
other.join()
print("done")
