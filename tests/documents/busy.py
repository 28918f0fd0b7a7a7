"""Coroutines that compute for too long: the example of tools/doc/long-turns.md."""
import asyncio

def crunch(count):
    total = 0
    for number in range(count):
        total += number * number
    return total

async def handler(count):
    await asyncio.sleep(0.01)
    return crunch(count)

async def main():
    for _ in range(3):
        await handler(4_000_000)

asyncio.run(main())
