"""What every Python that a test starts does first: it measures more briefly.

A block spends 0.5 s on its control, 1 to 2 s on the ceilings and half a second on the steady runs of each plan: of a
sweep over as little work as tests have, nine tenths for figures that no test looks at closely.
"""

import importlib.abc
import importlib.machinery
import sys

SHORTER = {
    "engine.measure.ceiling": {"STEPS": 60_000, "ROUND": 0.004, "BUFFER": 4 << 20, "LARGEST": 4 << 20},
    "engine.measure.trial": {"ENOUGH": 0.1},
}
"""Constants of modules."""


class Shortener(importlib.abc.MetaPathFinder):
    """Finds these modules and changes their constants once they are there."""

    def find_spec(self, name, path=None, target=None):
        if name not in SHORTER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            vars(spec.loader)["exec_module"] = self._shortened(spec.loader.exec_module)
        return spec

    @staticmethod
    def _shortened(execute):
        def run(module):
            execute(module)
            shorter = SHORTER[module.__name__]
            missing = [name for name in shorter if not hasattr(module, name)]
            assert not missing, f"{module.__name__} no longer has {missing}"
            vars(module).update(shorter)

        return run


sys.meta_path.insert(0, Shortener())
