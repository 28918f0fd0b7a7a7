"""A library in C that leaves a mutex locked when it returns, called from a coroutine.

    asyncio_locks.py LOCKER.SO CASE        across, released, offload
"""

import asyncio
import ctypes
import sys
import time

locker = ctypes.CDLL(sys.argv[1])


async def settle():
    for _ in range(3):
        await asyncio.sleep(0.002)


async def across():
    await settle()
    locker.locker_take()
    await settle()
    locker.locker_give()
    await settle()


async def released():
    for _ in range(10):
        await settle()
        locker.locker_take()
        locker.locker_give()
        locker.locker_take_and_give()


def hold():
    locker.locker_take()
    time.sleep(0.02)  # EXPECT-NONE
    locker.locker_give()


async def offload():
    await settle()
    await asyncio.to_thread(hold)


asyncio.run({"across": across, "released": released, "offload": offload}[sys.argv[2]]())
print("done")
