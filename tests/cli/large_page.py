"""An HTML report made large: its findings and turns again and again."""

import json
import re

FINDINGS, THREADS, TURNS = 2000, 4, 50_000


def enlarge(page):
    """`page`: the path of a report, which is replaced."""
    text = page.read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    data["findings"] = [{**data["findings"][i % len(data["findings"])], "id": f"{i:016x}"} for i in range(FINDINGS)]
    data["timelines"] = [{"pid": 1, "tid": tid, "thread": f"worker {tid}",
                          "turns": [[i * 50, 40_000 if i % 1000 else 20_000_000, "poll"] for i in range(TURNS)]}
                         for tid in range(1, THREADS + 1)]
    block = json.dumps(data).replace("<", "\\u003c")
    page.write_text(re.sub(r'(id="data">).*?(</script>)', lambda match: match[1] + block + match[2], text, count=1, flags=re.S))
