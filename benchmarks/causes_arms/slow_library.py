"""Takes a second of CPU time to import."""

import time

_END = time.process_time() + 1.0
while time.process_time() < _END:
    pass
