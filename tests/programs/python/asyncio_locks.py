"""A library in C that leaves a mutex locked when it returns, called from a coroutine.

    asyncio_locks.py LOCKER.SO CASE        across, released, offload, many, many_released
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


async def many():
    await settle()
    locker.locker_take_after_many()
    await settle()
    locker.locker_give()
    await settle()


async def many_released():
    for _ in range(3):
        await settle()
        locker.locker_take_and_give_many()


def hold():
    locker.locker_take()
    time.sleep(0.02)  # EXPECT-NONE
    locker.locker_give()


async def offload():
    await settle()
    await asyncio.to_thread(hold)


CASES = {"across": across, "released": released, "offload": offload, "many": many, "many_released": many_released}
asyncio.run(CASES[sys.argv[2]]())
print("done")
