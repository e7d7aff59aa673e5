"""Packages that only a part of the engine needs: extras of the installation bring them, and who lacks one is told which."""

from collections.abc import Iterator
from contextlib import contextmanager

# By extra in `pyproject.toml`: the packages that it brings, by the name under which they are imported.
EXTRAS = {
    "tables": {"pandas": "pandas", "pyarrow": "pyarrow", "sklearn": "scikit-learn", "threadpoolctl": "threadpoolctl"},
    "snapshots": {"orbax": "orbax-checkpoint"},
    "pictures": {"PIL": "pillow"},
    "mlflow": {"mlflow": "mlflow-skinny"},
    "tensorboard": {"tensorboard": "tensorboard"},
}


class MissingPackage(ImportError):
    """A package of an extra is not installed; the message is for the person at the screen."""


@contextmanager
def brought_by(extra: str) -> Iterator[None]:
    """Around the import of a package that `extra` brings.

    Raises:
      MissingPackage: it is not installed; one sentence with its name and the extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = EXTRAS[extra].get((error.name or "").partition(".")[0])
        if package is None:  # what is missing is a package's own affair
            raise
        raise MissingPackage(
            f'This needs the package {package}, which is not installed: pip install "maml-engine[{extra}]" brings it.',
            name=error.name,
        ) from None
