"""The same meta-steps on several devices and hosts: `train(experiment, steps=Mesh(jax.devices()).steps)`."""

from maml_engine.distributed.cluster import Place, idle_cores, local_devices, place_of, prepare_devices, whole_number
from maml_engine.distributed.mesh import Mesh, idle_places
from maml_engine.distributed.peers import Disagreement, PeerLost, Peers, join

__all__ = [
    "Disagreement",
    "Mesh",
    "PeerLost",
    "Peers",
    "Place",
    "idle_cores",
    "idle_places",
    "join",
    "local_devices",
    "place_of",
    "prepare_devices",
    "whole_number",
]
