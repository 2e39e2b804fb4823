"""How kernels are compiled: once, cached on disk, also where the package is read-only; no GIL while they run."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def _cache_dir() -> str:
    """A folder that can be written, for compiled kernels: the user's cache, else a temporary one."""
    home = os.environ.get("XDG_CACHE_HOME") or (Path.home() / ".cache" if os.environ.get("HOME") else "")
    for base in (home, tempfile.gettempdir()):
        if not base:
            continue
        folder = Path(base) / "hubbub" / f"kernels-{sys.version_info.major}.{sys.version_info.minor}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return ""


os.environ.setdefault("NUMBA_CACHE_DIR", _cache_dir())

from numba import njit  # noqa: E402  (the cache folder must be known before numba is loaded)


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel: cached on disk, releasing the GIL, errors as numpy has them (no checks on division)."""
    return njit(cache=True, nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return, unused-ignore]


def compiled() -> bool:
    """Whether kernels of an earlier run are at hand, so that nothing needs to be compiled first."""
    folder = Path(os.environ["NUMBA_CACHE_DIR"]) if os.environ.get("NUMBA_CACHE_DIR") else None
    return folder is not None and any(folder.rglob("*.nbc"))
