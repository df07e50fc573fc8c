"""docs/THREAT_MODEL.md names a test in each line, and each of them exists."""

import re


def test_every_line_is_shown_by_a_test(root):
    text = (root / "docs/THREAT_MODEL.md").read_text()
    python = "\n".join(path.read_text() for path in (root / "Tests/Integration").glob("test_*.py"))
    files = {path.stem for path in (root / "Tests/Integration").glob("test_*.py")}
    swift = "\n".join(path.read_text() for path in (root / "Tests").glob("*Tests/**/*.swift"))
    targets = {path.name for path in (root / "Tests/Fuzz/corpus").iterdir()}
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[1].strip() != "Threat"]
    missing = []
    for row in rows:
        names = re.findall(r"`([^`]+)`", row[3])
        missing += [row[1]] if not names else []
        for name in names:
            if name.startswith("fuzz:"):
                exists = name[5:] in targets
            elif name.endswith("Tests"):
                exists = re.search(rf"struct {name}\b", swift) is not None
            else:
                exists = name in files or f"def {name}(" in python
            missing += [] if exists else [name]
    assert len(rows) > 25
    assert not missing
