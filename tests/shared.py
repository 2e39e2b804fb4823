"""Where the public data of the tests lies, beside the project, and the mark of tests that need it."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no public data beside the project (docs/validation.md)")
