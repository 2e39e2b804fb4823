"""Turns and exchanges of one person with the brand (METHODS, "Turns"; readings 10 to 15)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from hubbub.kernel import jit
from hubbub.rows import BRAND, TURN

WEEK_US = 7 * 86_400_000_000
NEVER = np.iinfo(np.int64).max


@njit(inline="always")
def _by_thread(rows: Any, n: Any, thread: Any) -> None:
    """Stable sort of rows[:n] by thread: insertion for the few that people usually have, else a merge sort."""
    if n <= 24:
        for i in range(1, n):
            row = rows[i]
            j = i - 1
            while j >= 0 and thread[rows[j]] > thread[row]:
                rows[j + 1] = rows[j]
                j -= 1
            rows[j + 1] = row
    else:
        part = rows[:n].copy()
        rows[:n] = part[np.argsort(thread[part], kind="mergesort")]


@jit
def exchange(  # type: ignore[no-untyped-def]
    lo, hi, end, time, flags, thread, campaign, rows, conv_at, done_at, done_in, waits, wait_kind, tally
):
    """Turns of the rows lo..hi of one person, in reading order.

    rows, done_at, done_in : scratch of at least hi - lo
    conv_at : int64, from when the row counts as part of an exchange, NEVER if it does not (written for all rows)
    done_at, done_in : when each exchange was completed and in which campaign, in order of thread
    waits, wait_kind : waiting times; kind 0 person answered, 1 person open, 2 brand answered, 3 brand open
    tally : int64[8]: messages, answered, brand messages, answered, conversations, started, waiting since, old messages
    returns : number of exchanges, number of waits
    """
    n = 0
    for i in range(lo, hi):
        conv_at[i] = NEVER
        if flags[i] & TURN:
            rows[n] = i
            n += 1
    tally[:] = 0
    tally[6] = NEVER
    done = 0
    waited = 0
    _by_thread(rows, n, thread)
    at = 0
    while at < n:
        stop = at
        spoken = False
        while stop < n and thread[rows[stop]] == thread[rows[at]]:
            brand = flags[rows[stop]] & BRAND != 0
            spoken = spoken or not brand
            if brand:
                tally[2] += 1
            else:
                tally[0] += 1
                if end - time[rows[stop]] >= WEEK_US:
                    tally[7] += 1
            stop += 1
        if spoken:
            tally[4] += 1
            if not flags[rows[at]] & BRAND:
                tally[5] += 1
        a = at
        while a < stop:
            side = flags[rows[a]] & BRAND
            b = a
            while b < stop and flags[rows[b]] & BRAND == side:
                b += 1
            first_a = time[rows[a]]
            if b == stop:
                waits[waited] = max(np.int64(0), end - first_a)
                wait_kind[waited] = 3 if side else 1
                waited += 1
                if not side:
                    tally[6] = min(tally[6], first_a)
                break
            first_b = time[rows[b]]
            last_a = time[rows[b - 1]]
            waits[waited] = first_b - first_a
            wait_kind[waited] = 2 if side else 0
            waited += 1
            for j in range(a, b):
                if first_b - time[rows[j]] <= WEEK_US:
                    conv_at[rows[j]] = min(conv_at[rows[j]], first_b)
                    tally[3 if side else 1] += 1
            if first_b - last_a <= WEEK_US:
                done_at[done] = first_b
                done_in[done] = campaign[rows[b]]
                done += 1
                j = b
                while j < stop and flags[rows[j]] & BRAND != side:
                    if time[rows[j]] - last_a <= WEEK_US:
                        conv_at[rows[j]] = min(conv_at[rows[j]], first_b)
                    j += 1
            a = b
        at = stop
    return done, waited
