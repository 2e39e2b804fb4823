"""Reading order: by time; among rows of one time a target before what names it, else by (channel, id).

Only rows that share their time with a row that they name, or that names them, need more than a sort by time.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence

Name = tuple[str, str]
"""(channel, id) of a row, compared by code point."""


def ranked(names: dict[int, Name], edges: Sequence[tuple[int, int]]) -> list[tuple[Name, int, int]]:
    """Reading order of rows of one time.

    names : row -> (channel, id), of all rows that stand in an edge
    edges : (row, target) of the same time, self-references left out
    returns : (sort key, step, row), sorted: the largest name that was read up to this row in its connected group,
        and its step there. Rows outside any edge sort by their own name and step 0, so that the two lists merge.
    """
    out: list[tuple[Name, int, int]] = []
    for group in _connected(names, edges):
        out.extend(_group_order(group, names))
    return sorted(out)


def _connected(names: dict[int, Name], edges: Sequence[tuple[int, int]]) -> list[dict[int, set[int]]]:
    """Connected groups, each as row -> its targets."""
    targets: dict[int, set[int]] = {row: set() for row in names}
    near: dict[int, set[int]] = defaultdict(set)
    for row, target in edges:
        targets[row].add(target)
        near[row].add(target)
        near[target].add(row)
    seen: set[int] = set()
    groups = []
    for start in names:
        if start in seen:
            continue
        seen.add(start)
        queue, group = [start], {}
        while queue:
            row = queue.pop()
            group[row] = targets[row]
            fresh = near[row] - seen
            seen |= fresh
            queue.extend(fresh)
        groups.append(group)
    return groups


def _group_order(targets: dict[int, set[int]], names: dict[int, Name]) -> list[tuple[Name, int, int]]:
    """Smallest first among those whose targets have been read, after every cycle is cut at its smallest row."""
    _cut_cycles(targets, names)
    waiting = {row: len(to) for row, to in targets.items()}
    named_by: dict[int, list[int]] = defaultdict(list)
    for row, to in targets.items():
        for target in to:
            named_by[target].append(row)
    ready = [(names[row], row) for row, n in waiting.items() if n == 0]
    heapq.heapify(ready)
    out: list[tuple[Name, int, int]] = []
    highest: Name = ("", "")
    while ready:
        name, row = heapq.heappop(ready)
        highest = max(highest, name)
        out.append((highest, len(out), row))
        for child in named_by[row]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heapq.heappush(ready, (names[child], child))
    return out


def _cut_cycles(targets: dict[int, set[int]], names: dict[int, Name]) -> None:
    """Take from the smallest row of every strongly connected group its references into it, until none is left."""
    todo = [set(targets)]
    while todo:
        for group in _strongly_connected(todo.pop(), targets):
            if len(group) > 1:
                smallest = min(group, key=names.__getitem__)
                targets[smallest] = targets[smallest] - group
                todo.append(group)


def _strongly_connected(rows: set[int], targets: dict[int, set[int]]) -> list[set[int]]:
    """Tarjan's algorithm (1972) within `rows`, without recursion."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    groups: list[set[int]] = []
    for root in rows:
        if root in number:
            continue
        work = [(root, iter(targets[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            row, rest = work[-1]
            for target in rest:
                if target not in rows:
                    continue
                if target not in number:
                    number[target] = low[target] = len(number)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(targets[target])))
                    break
                if target in on_stack:
                    low[row] = min(low[row], number[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[row])
                if low[row] == number[row]:
                    group = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.add(member)
                        if member == row:
                            break
                    groups.append(group)
    return groups
