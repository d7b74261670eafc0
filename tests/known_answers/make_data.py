"""Synthetic answers for the known answers, made by SHA-256 alone: the same bytes on any machine. Nobody's answers.

Run from the repository: ``python tests/known_answers/make_data.py``.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

HERE = Path(__file__).parent
REGIONS = {"nord": (5, 31), "midt": (7, 40), "vest": (6, 28), "sor": (10, 77), "oslo": (2, 9)}


def uniform(*parts: object) -> float:
    """A number in (0, 1) from the parts' text."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode("utf-8")).digest()
    return (int.from_bytes(digest[:8], "big") + 0.5) / 2**64


def answer(lift: float, *key: object) -> str:
    """A degree 1–5, 9 for not relevant, or missing."""
    u = uniform("kind", *key)
    if u < 0.06:
        return ""
    if u < 0.14:
        return "9"
    return str(min(5, max(1, 1 + int(5 * (uniform(*key) * 0.75 + lift)))))


def rows(wave: str) -> list[dict[str, object]]:
    found = []
    for region, (sampled, there) in REGIONS.items():
        for k in range(sampled):
            # some units are exchanged in the second wave
            unit = f"{region}-{k + (100 if wave == 'b' and k % 4 == 3 else 0)}"
            users = 18 + int(60 * uniform("users", unit))
            size = "large" if users > 45 else "small"
            n = max(3, int(users * (0.3 + 0.5 * uniform("n", wave, unit))))
            lift = 0.05 + 0.25 * uniform("lift", unit) + (0.03 if wave == "b" else 0)
            for i in range(n):
                key = (wave, unit, i)
                hours = "" if uniform("h?", *key) < 0.1 else f"{40 * uniform('h', *key) ** 2:.3f}"
                found.append(
                    {
                        "region": region,
                        "district": f"{region}{k // 2}" if region != "sor" else f"sor{k}",
                        "unit": unit,
                        "local": k,
                        "person": i,
                        "size": size,
                        "sex": "kvinne" if uniform("sex", *key) < 0.41 else "mann",
                        "age": 18 + int(60 * uniform("age", *key)),
                        "weight": f"{there / sampled * users / n * (0.8 + 0.4 * uniform('w', *key)):.6f}",
                        "units_there": there,
                        "users_there": users,
                        "p_unit": f"{min(1.0, sampled * (0.5 + uniform('pi', unit)) / there):.6f}",
                        "q1": answer(lift, "q1", *key),
                        "q2": answer(lift + 0.1 * uniform("q1", "q1", *key), "q2", *key),
                        "q3": answer(0.2, "q3", *key),
                        "satisfied": ""
                        if uniform("s?", *key) < 0.05
                        else "ja"
                        if uniform("s", *key) < 0.6 + lift / 2
                        else "nei",
                        "rare": "ja" if uniform("rare", *key) < 0.02 else "nei",
                        "hours": hours,
                        "income": f"{150 + 300 * uniform('inc', *key):.2f}",
                    }
                )
    return found


def scale() -> list[dict[str, object]]:
    """Five items that lean on one thing, complete, for reliability and factor analysis."""
    found = []
    for i in range(300):
        common = uniform("common", i) - 0.5
        found.append(
            {
                f"s{k}": min(5, max(1, round(3 + 4 * (0.3 + 0.12 * k) * common + 2.4 * (uniform("own", k, i) - 0.5))))
                for k in range(1, 6)
            }
        )
    return found


def write(name: str, table: list[dict[str, object]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def main() -> None:
    write("scale.csv", scale())
    for wave in ("a", "b"):
        write(f"synthetic_{wave}.csv", rows(wave))


if __name__ == "__main__":
    main()
