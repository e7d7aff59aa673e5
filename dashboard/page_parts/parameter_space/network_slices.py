"""Planes through the real network's parameters, with the loss measured at every point: round theta, and along its training."""

import numpy as np
import streamlit as st

from dashboard.figures import slices as figures
from dashboard.results import AdaptationSlice, TrainingSlice, spell_angle
from dashboard.widgets import page


def show_adapting(adapting: AdaptationSlice, what: str, *, surface: bool) -> None:
    """The plane round theta, with one of the losses as contours or as a surface."""
    steps, how = adapting.paths.shape[1] - 1, "a surface" if surface else "contours"
    lengths = [float(np.linalg.norm(path[-1])) for path in adapting.paths]
    alt = (
        f"A plane through theta and the parameters adapted to two tasks in {steps} steps, {lengths[0]:.3f} and "
        f"{lengths[1]:.3f} away, at an angle of {spell_angle(adapting.angle)}; losses as {how}."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.adapting_figure(adapting, what, surface=surface), "slice", alt)
    side.metric("From θ to θ′₁, to θ′₂", f"{lengths[0]:.3f}, {lengths[1]:.3f}", help="Distances in parameter space.")
    side.metric("Angle between them", spell_angle(adapting.angle), help="90°: nothing in common. 0°: the same way.")
    side.metric("Farthest off the plane", f"{adapting.off:.3f}", help="The steps in between need not lie in it.")


def show_training(training: TrainingSlice, what: str, *, surface: bool) -> None:
    """The plane of the training path, with one of the losses."""
    first, second = training.share
    alt = (
        f"Theta's path over {training.iterations[-1]:,} meta-iterations in its two main directions, which hold "
        f"{first + second:.0%} of its variance."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.training_figure(training, what, surface=surface), "training_path", alt)
    side.metric("Of the path's variance", f"{first:.0%}, {second:.0%}", help="Held by the direction along, and across.")
    side.metric("From start to end", f"{np.linalg.norm(training.path[0]):.2f}", help="Distance in this plane.")
    side.caption("The losses are those of the two tasks above. ")
