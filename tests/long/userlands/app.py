import asyncio
import time


def work():
    time.sleep(0.06)


async def main():
    for _ in range(3):
        await asyncio.sleep(0.01)
        work()


asyncio.run(main())
print("done")
