"""``python -m workbench``: the same as the installed command."""

from workbench.cli import script

if __name__ == "__main__":
    script()
