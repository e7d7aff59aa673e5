"""Whether the folder of runs and compiled programs can be written: looked at as the server starts, said once a visitor."""

from dashboard.server.logs import log

_trouble = ""


def look() -> str:
    """Looks, writes down what is wrong, and keeps it for `trouble`."""
    global _trouble
    # Pages ask for `trouble` before the engine is imported.
    from maml_engine.runtime.paths import MIN_FREE_MB, free_megabytes, home_folder

    folder = home_folder()
    try:
        free = free_megabytes(folder)
        _trouble = f"has {free:.0f} MB left" if free < MIN_FREE_MB else ""
    except OSError as error:
        _trouble = f"cannot be written ({error.strerror})"
    if _trouble:
        log.warning("The folder %s %s. Set MAML_LAB_HOME to one that can be written.", folder, _trouble)
    return _trouble


def trouble() -> str:
    """What was wrong with the folder, in words that follow its name; empty where nothing was."""
    return _trouble


def sentence() -> str:
    """For a visitor."""
    return f"The folder in which this server keeps runs {_trouble}: download what you want to keep."
