"""Commits in worktrees, each with an environment of its own, and this tree's benchmarks in each."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.apparatus.processes import ROOT
from benchmarks.figures import FigureError

HOME = ROOT / ".bench" / "commits"
MEASURING = (
    "benchmarks",
    "tests/mojo.py",
)  # the same on both sides


class Tree(NamedTuple):
    """A commit that can be measured."""

    commit: str
    path: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.path / ".venv" / "bin" / "python")


def prepared(name: str) -> Tree:
    """The worktree of a commit; it stays, so that the next comparison need not install it again."""
    commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    tree = Tree(commit, HOME / commit[:12])
    if not (tree.path / ".venv" / ".installed").exists():
        _git("worktree", "prune")
        if not tree.path.exists():
            _git("worktree", "add", "--detach", "--force", str(tree.path), commit)
        print(f"an environment for {commit[:12]} ...", file=sys.stderr, flush=True)
        subprocess.run(["make", "-s", "-C", str(tree.path), "env"], check=True, stdout=sys.stderr)
    for measuring in MEASURING:
        _copy(ROOT / measuring, tree.path / measuring)
    return tree


def _copy(source: Path, place: Path) -> None:
    if source.is_file():
        shutil.copy(source, place)
        return
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FigureError(f"git {' '.join(arguments)}: {done.stderr.strip() or 'no such commit'}")
    return done.stdout.strip()
