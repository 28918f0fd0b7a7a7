"""A long turn so many calls deep. Two functions, so that the frame that is found first differs from sample to sample; it takes
several times as much CPU time as an error needs.

    deep_turn.py DEPTH
"""

import asyncio
import sys
import time

sys.setrecursionlimit(5000)


def odd(depth):
    return even(depth - 1)


def even(depth):
    if depth:
        return odd(depth - 1)
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        sum(range(1000))


async def handle():
    even(int(sys.argv[1]))


async def main():
    await asyncio.sleep(0.01)
    await asyncio.create_task(handle())


asyncio.run(main())
