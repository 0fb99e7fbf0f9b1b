"""Error roots. The scheduler repeats what is transient and never what is permanent."""

from __future__ import annotations


class RouxingError(Exception):
    """Any failure that Rouxing names itself; the message says what, where and what to do next."""


class TransientError(RouxingError):
    """Another try may help: a connection lost, a vendor's rate limit, a lock held by another run."""


class PermanentError(RouxingError):
    """Another try cannot help: a wrong setting, a broken contract, a refused value."""
