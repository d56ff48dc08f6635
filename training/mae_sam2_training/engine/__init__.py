"""What every run does, whatever it learns: launch, loop, resume, log, report.

A kind of run gives the loop a `Task`; see `engine.loop`.
"""

from __future__ import annotations
