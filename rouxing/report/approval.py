"""Who answers for a plan, in words."""

from __future__ import annotations

from datetime import datetime

from rouxing.model.dates import SHANGHAI
from rouxing.report.words import NOTHING, Words

AUTOMATIC = "auto"


def approval_words(approved_by: str, expires_at: datetime | None, *, can_be_sent: bool) -> Words:
    """One short line: approved by whom and until when, or that the plan waits; nothing for one that is never sent."""
    if not can_be_sent:
        return NOTHING
    if not approved_by or expires_at is None:
        return Words("等待批准", "Awaiting approval")
    until = f"{expires_at.astimezone(SHANGHAI):%m-%d %H:%M}"
    if approved_by == AUTOMATIC:
        return Words(f"自动批准，有效至 {until}", f"Approved automatically until {until}")
    return Words(f"{approved_by} 批准，有效至 {until}", f"Approved by {approved_by} until {until}")
