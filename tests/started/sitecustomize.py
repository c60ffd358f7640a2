"""What every Python that a test starts does first: it measures with shorter controls.

A block spends 0.5 s on its control and 1 to 2 s on the ceilings: of a sweep over as little work as tests have, 2 of 3 s
for figures that no test looks at closely.
"""

import importlib.abc
import importlib.machinery
import sys

MODULE = "engine.measure.ceiling"
SHORTER = {"STEPS": 60_000, "ROUND": 0.004, "BUFFER": 4 << 20, "LARGEST": 4 << 20}


class Shortener(importlib.abc.MetaPathFinder):
    """Finds the one module and changes its constants once it is there."""

    def find_spec(self, name, path=None, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            vars(spec.loader)["exec_module"] = self._shortened(spec.loader.exec_module)
        return spec

    @staticmethod
    def _shortened(execute):
        def run(module):
            execute(module)
            missing = [name for name in SHORTER if not hasattr(module, name)]
            assert not missing, f"{MODULE} no longer has {missing}"
            vars(module).update(SHORTER)

        return run


sys.meta_path.insert(0, Shortener())
