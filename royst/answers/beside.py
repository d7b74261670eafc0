"""Writing that leaves a whole file or the old one, never half of one: beside it first, then renamed over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from royst.errors import wrong


@contextmanager
def beside(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Places to write each of ``paths``; when the block ends well they take their names, when it fails they are removed.

    Raises ``InputError`` where the folder cannot be written to or the disk is full. A run that was cut off leaves at most files ending in ``.new``, which
    the next run writes over.
    """
    drafts = tuple(path.with_name(path.name + ".new") for path in paths)
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield drafts
        for draft, path in zip(drafts, paths):
            draft.replace(path)
    except PermissionError as error:
        raise wrong(
            "no-write-permission",
            f"the folder cannot be written to: {error.filename}",
            "give yourself write permission to it, or work on a copy",
            file=paths[0].parent,
        ) from None
    except NotADirectoryError as error:
        raise wrong(
            "not-a-folder",
            f"a file stands where a folder is needed: {error.filename}",
            "move it away",
            file=paths[0].parent,
        ) from None
    except OSError as error:
        raise wrong(
            "cannot-write",
            f"the file cannot be written: {error.strerror or error}",
            "see to the disk, then run the command again",
            file=paths[0],
        ) from None
    finally:
        for draft in drafts:
            try:
                draft.unlink(missing_ok=True)
            except OSError:
                continue
