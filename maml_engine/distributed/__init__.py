"""The same meta-steps on several devices and hosts: `train(experiment, steps=Mesh(jax.devices()).steps)`."""

from maml_engine.distributed.cluster import ClusterProcess, find_cluster
from maml_engine.distributed.devices import idle_cores, local_devices, prepare_devices
from maml_engine.distributed.flags import whole_number
from maml_engine.distributed.mesh import Mesh, idle_places
from maml_engine.distributed.peers import Disagreement, PeerLost, Peers
from maml_engine.distributed.rendezvous import join

__all__ = [
    "ClusterProcess",
    "Disagreement",
    "Mesh",
    "PeerLost",
    "Peers",
    "find_cluster",
    "idle_cores",
    "idle_places",
    "join",
    "local_devices",
    "prepare_devices",
    "whole_number",
]
