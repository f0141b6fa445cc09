"""What a route asks of a request before it does anything: that somebody is signed in, and that a form is our own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from caseserver.accounts import Officer
from caseserver.auth import check_csrf, current_officer

SignedIn = Annotated[Officer, Depends(current_officer)]
Checked = Depends(check_csrf)
