"""What would break when a workload of the user's goes into threads and processes, found out before any sweep."""

from engine.checking.findings import CheckReport, CheckRequest, Finding
from engine.checking.supervise import check

__all__ = ["CheckReport", "CheckRequest", "Finding", "check"]
