"""Attacks on what was published, by somebody who has nothing but the published files and knows who took part.

Run as a program: ``python attack.py FOLDER``. It reads from FOLDER

- ``release-*.csv``: estimates of one or more releases, oldest first (percentages rounded as printed);
- ``people-<wave>.csv``: unit, groups and weight of each person who took part, and per item whether they answered it (1);
- ``scales.json``: ``{"choices": […], "bands": {…}, "decimals": 1, "row": 10, "small": 2}``, the thresholds being public;
- ``known.json`` (optional): answers the attacker knows, ``{wave: {item: {person: answer}}}``;

and prints what it could work out, one JSON object a line. It never sees an answer and never imports the program that
protected the files.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path

import highspy
import numpy as np
from scipy import sparse

PULLS = 40


class Wave:
    """Who took part, and the domains one can ask about."""

    def __init__(self, path: Path):
        with path.open(encoding="utf-8", newline="") as file:
            self.people = list(csv.DictReader(file))
        self.columns = list(self.people[0])
        self.groups = [c for c in self.columns if c != "weight" and not c.startswith("q")]
        self.weight = np.array([float(p["weight"]) for p in self.people])

    def inside(self, domain: str) -> np.ndarray:
        mask = np.ones(len(self.people), bool)
        for part in [] if domain == "all" else domain.split(";"):
            group, value = part.split("=")
            mask &= np.array([p[group] == value for p in self.people])
        return mask

    def targets(self) -> list[str]:
        """Units, and units crossed with every group: what nobody should learn of."""
        found = []
        for group in self.groups:
            found += [f"{group}={v}" for v in sorted({p[group] for p in self.people} - {""})]
            if group != "unit":
                pairs = sorted({(p["unit"], p[group]) for p in self.people if p[group]})
                found += [f"unit={u};{group}={v}" for u, v in pairs]
        return found


def counted(percent: float, n: int, decimals: int) -> list[int]:
    """The whole numbers whose share of ``n`` is printed as ``percent``."""
    half = 0.5 * 10.0**-decimals + 1e-9
    least, most = np.ceil((percent - half) * n / 100), np.floor((percent + half) * n / 100)
    return list(range(max(0, int(least)), min(n, int(most)) + 1))


def told(n: int, low: float, high: float, row: int, small: int) -> bool:
    """The public rule: a fact is told by an interval like this one."""
    least, most = int(np.ceil(low - 1e-6)), int(np.floor(high + 1e-6))
    if n < row:
        return least >= most > 0
    return (least >= 1 and most <= small) or least >= n - small


class Table:
    """All that is printed of one item of one wave, as conditions on (person, answer)."""

    def __init__(self, wave: Wave, item: str, rows: list[dict], scale: dict, known: dict[str, str]):
        self.choices, self.bands = scale["choices"], scale["bands"]
        self.scale = scale
        self.who = np.array([k for k, p in enumerate(wave.people) if p[item] == "1"])
        self.wave = wave
        self.conditions: list[tuple[np.ndarray, float, float, np.ndarray]] = []
        self.weighted: list[tuple[np.ndarray, np.ndarray, float, int]] = []
        for row in rows:
            members = wave.inside(row["domain"])[self.who]
            answers = self.answers(row["measure"], row["category"])
            n = int(row["n"])
            if answers is None:
                score = np.array([float(c) for c in self.choices])
                half = 0.5 * 10.0 ** -scale["decimals"] + 1e-9
                mean = float(row["unweighted"])
                self.conditions.append((members, (mean - half) * n, (mean + half) * n, score))
                continue
            possible = counted(float(row["unweighted"]), n, scale["decimals"])
            if possible:
                self.conditions.append((members, possible[0], possible[-1], answers))
                if row["estimate"] != "" and possible[0] == possible[-1]:
                    self.weighted.append((members, answers, float(row["estimate"]), possible[0]))
        for person, answer in known.items():
            at = np.flatnonzero(self.who == int(person))
            if len(at):
                mark = np.zeros(len(self.who), bool)
                mark[at] = True
                self.conditions.append((mark, 1, 1, np.array([c == answer for c in self.choices], float)))

    def answers(self, measure: str, category: str) -> np.ndarray | None:
        if measure == "share":
            return np.array([c == category for c in self.choices], float)
        if measure == "band":
            return np.array([c in self.bands[category] for c in self.choices], float)
        return None

    def facts(self) -> list[tuple[str, np.ndarray, str, np.ndarray]]:
        found, seen = [], set()
        for domain in self.wave.targets():
            members = self.wave.inside(domain)[self.who]
            if not members.any() or members.tobytes() in seen:
                continue
            seen.add(members.tobytes())
            for choice in self.choices:
                found.append((domain, members, choice, self.answers("share", choice)))
            for band in self.bands:
                found.append((domain, members, band, self.answers("band", band)))
        return found

    def span(self) -> list[tuple[str, str, int, float, float]]:
        """Facts that are sums and differences of printed counts, answer by answer."""
        found = []
        by: dict[bytes, list] = defaultdict(list)
        for members, low, high, answers in self.conditions:
            if low == high and set(answers) <= {0.0, 1.0}:
                by[answers.tobytes()].append((members, low))
        for domain, members, name, answers in self.facts():
            rows = by.get(answers.tobytes(), [])
            if not rows:
                continue
            matrix = np.array([m for m, _ in rows], float).T
            solution, *_ = np.linalg.lstsq(matrix, members.astype(float), rcond=None)
            if np.abs(matrix @ solution - members).max() < 1e-6:
                value = float(solution @ np.array([v for _, v in rows]))
                found.append((domain, name, int(members.sum()), value, value))
        return found

    def programme(self) -> highspy.Highs:
        people, answers = len(self.who), len(self.choices)
        parts = [sparse.kron(sparse.eye_array(people), np.ones((1, answers)))]
        low, high = [np.ones(people)], [np.ones(people)]
        for members, least, most, codes in self.conditions:
            parts.append(sparse.csr_array(np.outer(members, codes).ravel()[None, :]))
            low.append(np.array([least], float))
            high.append(np.array([most], float))
        matrix = sparse.csr_array(sparse.vstack(parts))
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_ = np.zeros(matrix.shape[1])
        model.col_lower_, model.col_upper_ = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
        model.row_lower_, model.row_upper_ = np.concatenate(low), np.concatenate(high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        model.a_matrix_.index_ = matrix.indices.astype(np.int32)
        model.a_matrix_.value_ = matrix.data
        highs = highspy.Highs()
        highs.silent()
        highs.setOptionValue("threads", 1)
        highs.passModel(model)
        return highs

    def intervals(self, whole: bool) -> list[tuple[str, str, int, float, float]]:
        """The feasible interval of every fact: many at once first, each by itself where that leaves it shut."""
        facts, row, small = self.facts(), self.scale["row"], self.scale["small"]
        if not facts:
            return []
        members = sparse.csr_array(np.array([f[1] for f in facts], float))
        codes = np.array([f[3] for f in facts])
        n = np.array([int(f[1].sum()) for f in facts])
        least, most = np.full(len(facts), np.inf), np.full(len(facts), -np.inf)
        highs = self.programme()

        def solve(cost: np.ndarray) -> np.ndarray | None:
            highs.changeColsCost(cost.size, np.arange(cost.size, dtype=np.int32), cost.ravel())
            highs.run()
            if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            point = np.asarray(highs.getSolution().col_value).reshape(len(self.who), -1)
            value = ((members @ point) * codes).sum(1)
            np.minimum(least, value, out=least)
            np.maximum(most, value, out=most)
            return point

        shut = np.ones(len(facts), bool)
        for turn in range(PULLS):
            sign = np.frombuffer(hashlib.shake_256(f"{turn}".encode()).digest(len(facts)), np.uint8) % 2 * 2.0 - 1
            if solve(members.T @ (codes * (sign * shut)[:, None])) is None:
                raise RuntimeError("what is printed contradicts itself")
            shut = np.array([told(int(a), b, c, row, small) or (c - b < 1) for a, b, c in zip(n, least, most)])
            if not shut.any():
                break
        found = []
        for k in np.flatnonzero(shut):
            cost = np.outer(facts[k][1], facts[k][3]).astype(float)
            ends = []
            for sign in (1.0, -1.0):
                point = solve(sign * cost)
                ends.append(float((cost * point).sum()) if point is not None else np.nan)
            low, high = min(ends), max(ends)
            if whole and not told(int(n[k]), low, high, row, small) and high - low < 2:
                low, high = self._whole(cost, low, high)
            if told(int(n[k]), low, high, row, small):
                found.append((facts[k][0], facts[k][2], int(n[k]), low, high))
        return found

    def _whole(self, cost: np.ndarray, low: float, high: float) -> tuple[float, float]:
        """The same interval when answers are whole people."""
        highs = self.programme()
        number = np.arange(cost.size, dtype=np.int32)
        highs.changeColsIntegrality(cost.size, number, np.ones(cost.size, np.uint8))
        highs.setOptionValue("time_limit", 20.0)
        ends = []
        for sign, fallback in ((1.0, low), (-1.0, high)):
            highs.changeColsCost(cost.size, number, (sign * cost).ravel())
            highs.run()
            done = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
            ends.append(float((cost.ravel() * np.asarray(highs.getSolution().col_value)).sum()) if done else fallback)
        return min(ends), max(ends)

    def weights(self, most: int = 4_000_000) -> list[tuple[str, str, int, float, float]]:
        """Which units the people behind a weighted percentage come from: all splits that give the printed figure."""
        found = []
        half = 0.5 * 10.0 ** -self.scale["decimals"] + 1e-9
        unit = np.array([p["unit"] for p in self.wave.people])[self.who]
        weight = self.wave.weight[self.who]
        for members, answers, percent, count in self.weighted:
            units = sorted(set(unit[members]))
            size = [int((members & (unit == u)).sum()) for u in units]
            if len(units) < 2 or np.prod([s + 1.0 for s in size]) > most:
                continue
            w = np.array([weight[members & (unit == u)][0] for u in units])
            splits = np.indices([s + 1 for s in size], dtype=np.int16).reshape(len(size), -1).T
            splits = splits[splits.sum(1) == count]
            share = 100 * splits @ w / (w @ np.array(size))
            fit = splits[np.abs(share - percent) <= half]
            name = next((b for b in self.bands if (self.answers("band", b) == answers).all()), None)
            name = name or self.choices[int(np.flatnonzero(answers)[0])]
            for k, u in enumerate(units):
                if len(fit) and told(size[k], fit[:, k].min(), fit[:, k].max(), self.scale["row"], self.scale["small"]):
                    value = float(fit[:, k].min())
                    domain = self._domain(members & (unit == u))
                    found.append((domain, name, size[k], value, float(fit[:, k].max())))
        return found

    def _domain(self, members: np.ndarray) -> str:
        for domain in self.wave.targets():
            if (self.wave.inside(domain)[self.who] == members).all():
                return domain
        return "people " + " ".join(map(str, self.who[members]))


def differencing(releases: list[list[dict]], decimals: int) -> list[dict]:
    """Rows printed twice with other numbers: what the people who came or went answered."""
    found, before = [], {}
    for rows in releases:
        for row in rows:
            key = tuple(row[c] for c in ("wave", "item", "measure", "category", "domain"))
            old = before.setdefault(key, row)
            if old is row or row["measure"] == "mean" or abs(int(old["n"]) - int(row["n"])) not in (1, 2):
                continue
            left = [
                a - b
                for a in counted(float(old["unweighted"]), int(old["n"]), decimals)
                for b in counted(float(row["unweighted"]), int(row["n"]), decimals)
            ]
            if len(set(left)) == 1 and left[0] != 0:
                found.append({"attack": "differencing", "wave": key[0], "item": key[1], "domain": key[4], "category": key[3],
                              "n": abs(int(old["n"]) - int(row["n"])), "low": abs(left[0]), "high": abs(left[0])})  # fmt: skip
    return found


def main(folder: Path) -> None:
    scale = json.loads((folder / "scales.json").read_text(encoding="utf-8"))
    known = json.loads((folder / "known.json").read_text(encoding="utf-8")) if (folder / "known.json").exists() else {}
    releases = []
    for path in sorted(folder.glob("release-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            releases.append([r for r in csv.DictReader(file) if r["status"] == "published"])
    for fact in differencing(releases, scale["decimals"]):
        print(json.dumps(fact))
    latest = {
        tuple(r[c] for c in ("wave", "item", "measure", "category", "domain")): r
        for rows in reversed(releases)
        for r in rows
    }
    tables: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for row in latest.values():
        if row["measure"] != "not_relevant":
            tables[row["wave"], row["item"]].append(row)
    waves = {name: Wave(folder / f"people-{name}.csv") for name in sorted({w for w, _ in tables})}
    for (wave, item), rows in sorted(tables.items()):
        table = Table(waves[wave], item, rows, scale, known.get(wave, {}).get(item, {}))
        attacks = {
            "span": table.span(),
            "weights": table.weights(),
            "programme": table.intervals(scale.get("whole", False)),
        }
        for attack, facts in attacks.items():
            for domain, name, n, low, high in facts:
                if attack != "span" or told(n, low, high, scale["row"], scale["small"]):
                    fact = {"attack": attack, "wave": wave, "item": item, "domain": domain, "category": name}
                    print(json.dumps({**fact, "n": n, "low": round(low, 6), "high": round(high, 6)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
