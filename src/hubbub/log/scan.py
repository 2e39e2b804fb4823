"""Where records end: kernels over bytes that know quotes in CSV, and strings and brackets in JSON."""

from __future__ import annotations

from typing import Any

from hubbub.kernel import jit

QUOTE, NEWLINE, RETURN, COMMA, BACKSLASH, SPACE, BROKEN = 34, 10, 13, 44, 92, 32, 1
OPEN_SQUARE, CLOSE_SQUARE, OPEN_BRACE, CLOSE_BRACE = 91, 93, 123, 125
DEPTH, IN_STRING, ESCAPED, FINISHED = 0, 1, 2, 3


@jit
def csv_end(data: Any, delimiter: int) -> Any:
    """Where the last whole record ends, and where a quote stands open at the end of the data.

    data : uint8[n], beginning at a record; a quote opens a field only as its first byte, `""` inside is one quote
    returns : (position after the last record's line end, 0 if there is none; position of the open quote, -1 if none)
    """
    n = data.size
    end, i, fresh = 0, 0, True
    while i < n:
        c = data[i]
        if c == QUOTE and fresh:
            opened = i
            i += 1
            while True:
                while i < n and data[i] != QUOTE:
                    i += 1
                if i >= n:
                    return end, opened
                if i + 1 < n and data[i + 1] == QUOTE:
                    i += 2
                    continue
                break
            fresh = False
        elif c == delimiter:
            fresh = True
        elif c == NEWLINE:
            end = i + 1
            fresh = True
        elif c == RETURN:
            if i + 1 < n and data[i + 1] != NEWLINE:
                end = i + 1
            fresh = True
        else:
            fresh = False
        i += 1
    return end, -1


@jit
def elements_to_lines(data: Any, state: Any) -> int:
    """Turn the elements of a JSON array into lines, in place: commas between them become line ends.

    data : uint8[n], a piece of the array; its opening bracket and all after its closing one become blanks
    state : int64[4], carried from piece to piece: depth, in a string, after a backslash, finished
    returns : where the array closed, or -1; a line break inside a string is left as a byte that JSON forbids
    """
    closed = -1
    for i in range(data.size):
        c = data[i]
        if state[FINISHED]:
            data[i] = SPACE
        elif state[IN_STRING]:
            if c in (NEWLINE, RETURN):
                data[i] = BROKEN
            if state[ESCAPED]:
                state[ESCAPED] = 0
            elif c == BACKSLASH:
                state[ESCAPED] = 1
            elif c == QUOTE:
                state[IN_STRING] = 0
        elif c == QUOTE:
            state[IN_STRING] = 1
        elif c in (NEWLINE, RETURN):
            data[i] = SPACE
        elif c in (OPEN_SQUARE, OPEN_BRACE):
            if state[DEPTH] == 0:
                data[i] = SPACE
            state[DEPTH] += 1
        elif c in (CLOSE_SQUARE, CLOSE_BRACE):
            state[DEPTH] -= 1
            if state[DEPTH] <= 0:
                data[i] = SPACE
                state[FINISHED] = 1
                closed = i
        elif c == COMMA and state[DEPTH] == 1:
            data[i] = NEWLINE
    return closed
