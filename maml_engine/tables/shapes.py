"""What makes skewed numbers less so: a logarithm, or one on both sides of the middle; and back."""

from typing import Any

import numpy as np

# Numbers are skewed where one is so many standard deviations from their mean, or where their skewness is as a lognormal's with
# a standard deviation of about 0.55; of few different ones each says something of its own.
MAX_DEVIATION, SKEWED, MIN_SHAPED_VALUES = 5.0, 2.0, 12
LOG, ASINH = "log", "asinh"
MAX_RATIO, LEANING = 20.0, 1.0  # positive numbers that lean so much and whose greatest is so many times the least
MAX_EXPONENT = 700.0  # of what a 64-bit number holds


def shape_of(values: np.ndarray) -> dict[str, Any]:
    """What makes skewed numbers `[n]` less so: `shape` ("log" or "asinh"), `middle` and `width`; {} where they are not.

    Of "log" the middle is the least number whose logarithm is taken, smaller ones being as that one.
    """
    spread = float(values.std())
    if len(np.unique(values)) < MIN_SHAPED_VALUES or spread == 0:
        return {}
    if np.abs(values - values.mean()).max() <= MAX_DEVIATION * spread and abs(skewness(values)) <= SKEWED:
        return {}
    least = float(values.min())
    if least > 0 and abs(skewness(np.log(values))) < abs(skewness(values)) / 2:
        return {"shape": LOG, "middle": least / 2}
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    width = float(high - low) / 1.35 or float(np.mean(np.abs(values - middle))) or 1.0
    return {"shape": ASINH, "middle": float(middle), "width": width}


def target_shape_of(values: np.ndarray) -> dict[str, Any]:
    """`shape_of` of `[n]`, and the logarithm of positive numbers that lean less: of a target it is tried whether that helps."""
    found, least = shape_of(values), float(values.min())
    if found or least <= 0 or len(np.unique(values)) < MIN_SHAPED_VALUES:
        return found
    leans = skewness(values) > LEANING and abs(skewness(np.log(values))) < skewness(values)
    return {"shape": LOG, "middle": least / 2} if leans and values.max() > MAX_RATIO * least else {}


def shaped(values: np.ndarray, shape: str, middle: float, width: float) -> np.ndarray:
    """`[...]`, less skewed.

    Args:
      values: `[...]` numbers.
      shape: "log", "asinh" or "".
      middle: as `shape_of` has it.
      width: likewise.
    """
    if shape == ASINH:
        return np.arcsinh((values - middle) / width)
    return np.log(np.maximum(values, middle)) if shape == LOG else values


def unshaped(values: np.ndarray, shape: str, middle: float, width: float) -> np.ndarray:
    """`[...]`, as they were.

    Args:
      values: `[...]`, of `shaped`.
      shape: "log", "asinh" or "".
      middle: as `shape_of` has it.
      width: likewise.
    """
    if shape == ASINH:
        return np.sinh(np.clip(values, -MAX_EXPONENT, MAX_EXPONENT)) * width + middle
    return np.exp(np.minimum(values, MAX_EXPONENT)) if shape == LOG else values


def skewness(values: np.ndarray) -> float:
    """Of values `[n]`; 0 where they are all the same."""
    centred = values - values.mean()
    return float(np.mean(centred**3) / np.maximum(values.std() ** 3, 1e-300))
