"""Power cuts: the service runs on a disk whose unsynced writes can be taken back."""

import os
import pathlib
import random
import struct
import subprocess

HERE = pathlib.Path(__file__).parent


def build_shim(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A library of `shims/`, to be preloaded."""
    library = folder / f"{name}.so"
    if not library.exists():
        (source,) = (HERE / "shims").glob(f"{name}.*")
        subprocess.run(["g++" if source.suffix == ".cpp" else "gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


class Power:
    """What the disk would lose of a data directory if the power went now.

    A file may lose any of its newest unsynced writes, each file for itself; names that were made
    in a directory since it was synced may be missing.
    """

    def __init__(self, folder: pathlib.Path, data: pathlib.Path):
        self._data = data
        self._undo = folder / "undo"
        self._undo.mkdir()
        data.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "LD_PRELOAD": str(build_shim(folder, "power")),
            "POWER_DATA": str(data.resolve()),
            "POWER_UNDO": str(self._undo),
        }

    def cut(self, chance: random.Random) -> int:
        """Plays it back once the process is gone; how many writes were lost."""
        lost = 0
        by_inode = {path.stat().st_ino: path for path in self._data.rglob("*") if path.is_file()}
        for note in self._undo.glob("*.undo"):
            path = by_inode.get(int(note.stem))
            writes = list(self._writes(note.read_bytes()))
            if path is None or not writes:
                continue
            # As likely as not everything is gone; else the disk had got round to some of it.
            kept = 0 if chance.random() < 0.5 else chance.randrange(len(writes) + 1)
            with path.open("r+b") as file:
                for offset, size, old in reversed(writes[kept:]):
                    os.pwrite(file.fileno(), old, offset)
                    file.truncate(size)
                    lost += 1
        for note in self._undo.glob("*.created"):
            for name in note.read_text().splitlines():
                if not name.endswith("/lock") and chance.random() < 0.7:
                    pathlib.Path(name).unlink(missing_ok=True)
        for path in self._data.glob("*-shm"):
            path.unlink()
        self.forget()
        return lost

    def forget(self) -> None:
        for note in self._undo.iterdir():
            note.unlink()

    @staticmethod
    def _writes(notes: bytes):
        at = 0
        while at + 24 <= len(notes):
            offset, size, length = struct.unpack_from("=QQQ", notes, at)
            at += 24
            yield offset, size, notes[at : at + length]
            at += length
