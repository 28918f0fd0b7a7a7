#!/usr/bin/env python3
"""A process pool whose workers are forked out of a coroutine, and run loops of their own. The parent's loop lies dead below
their frames: when a worker waits for its next job, no loop waits for it. To fork them is work of the turn: 10 ms on a slow
machine.

    asyncio_fork_pool.py idle|blocks

blocks: a worker's own loop is blocked by its job
"""
import asyncio
import concurrent.futures.process
import multiprocessing
import sys
import time


async def job(blocks):
    if blocks:
        time.sleep(0.03)  # EXPECT error clock_nanosleep category=sleep case=blocks
    return 1


def work(blocks):
    loop = asyncio.new_event_loop()
    return loop.run_until_complete(job(blocks))


async def main(blocks):
    context = multiprocessing.get_context("fork")
    loop = asyncio.get_running_loop()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:  # ALLOW error sem_wait|pthread_join|pthread_clockjoin_np ALLOW warning busy|waiting kind=long-turn
        for _ in range(3):
            await loop.run_in_executor(pool, work, blocks)  # ALLOW warning busy|waiting kind=long-turn
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    event_loop = asyncio.new_event_loop()
    event_loop.run_until_complete(main(sys.argv[1] == "blocks"))
    print("done")
