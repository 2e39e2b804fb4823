"""The one family of errors: each says what was wrong, where, and what to do."""


class HubbubError(Exception):
    """Base of every error that hubbub raises on purpose; its message is for a person."""


class LogError(HubbubError):
    """A log, or a file that should become one, cannot be used at all."""


class WorkspaceError(HubbubError):
    """A workspace folder or its settings cannot be used."""


class TableError(HubbubError):
    """A table handed to the comparison lacks what it needs."""


class CascadeError(HubbubError):
    """An array that should be a tree is none: no root, several roots, or a cycle."""
