"""What the text of a file and its folder tell."""

import pytest

from engine.checking.source import hiding_findings, import_findings

STARTS = "starts worker processes whenever the file is imported"
RUNS = "because workers import the file"


def findings(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return [(each.severity, each.what, each.where.removeprefix(f"{path}:")) for each in import_findings(path)]


@pytest.mark.parametrize(
    "text",
    [
        "def main():\n    Pool(2)\n\nif __name__ == '__main__':\n    main()\n",
        "if '__main__' == __name__:\n    with Pool(2) as pool:\n        pool.map(f, x)\n",
        "import warnings\nwarnings.filterwarnings('ignore')\n",
        "import sys\nsys.path.insert(0, '.')\n",
        "X = compute(3)\n",
        "class A:\n    def f(self):\n        Pool(2)\n",
        "'''Words.'''\nimport os\n",
        "def broken(:\n",
        "",
    ],
)
def test_nothing_is_said_of_what_is_fine(tmp_path, text):
    assert findings(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "severity", "words", "line"),
    [
        ("main()\n", "warning", f"main(...) runs again in every worker, {RUNS}", "1"),
        ("x = 1\nrun_all(x)\nprint(x)\n", "warning", "run_all(...), print(...) run again", "2,3"),
        ("for x in y:\n    trade(x)\n", "warning", "trade(...)", "2"),
        ("try:\n    pass\nexcept OSError:\n    retry()\n", "warning", "retry(...)", "4"),
        ("if __name__ == '__main__':\n    pass\nelse:\n    serve()\n", "warning", "serve(...)", "4"),
        ("pool = multiprocessing.Pool(4)\n", "breaks", f"Pool(...) {STARTS}", "1"),
        ("with ProcessPoolExecutor() as pool:\n    pass\n", "breaks", f"ProcessPoolExecutor(...) {STARTS}", "1"),
        ("r = joblib.Parallel(2)(x for x in y)\n", "breaks", f"Parallel(...) {STARTS}", "1"),
    ],
)
def test_what_runs_at_import_is_named_with_its_line(tmp_path, text, severity, words, line):
    (found,) = findings(tmp_path, text)
    assert found[0] == severity
    assert words in found[1]
    assert found[2] == line


def hidden(folder):
    return {each.where.rpartition("/")[2]: (each.severity, each.what) for each in hiding_findings(folder / "mine.py")}


def test_files_that_hide_other_modules_are_named(tmp_path):
    for name in ("mine.py", "random.py", "helper.py", "engine.py", "antigravity.py", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "__init__.py").touch()
    (tmp_path / "csv").mkdir()  # gives way to the module, having no __init__.py
    found = hidden(tmp_path)
    assert {name: severity for name, (severity, _) in found.items()} == {
        "random.py": "breaks",
        "engine.py": "breaks",
        "json": "breaks",
        "antigravity.py": "warning",
    }
    assert "Python's own module 'random'" in found["random.py"][1]
    assert "Workbench's own package 'engine'" in found["engine.py"][1]


def test_the_package_that_runs_this_hides_nothing():
    from pathlib import Path

    import engine

    assert not {"engine", "workbench"} & set(hidden(Path(engine.__file__).parents[1]))
