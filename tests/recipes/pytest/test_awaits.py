import asyncio

import pytest


@pytest.mark.asyncio
async def test_delivers():
    await asyncio.sleep(0.005)
