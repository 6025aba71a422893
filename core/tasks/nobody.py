"""Who answers where no person is there: nobody, and the record says so."""

from __future__ import annotations

from core.domain.controller import Approver

NOBODY = Approver(
    "command line", "no person", "walked by a virtual exo only; not released for anybody to wear"
)
