"""What a verdict leaves behind: an ensemble that adapts to a few rows of a new task and says how sure it is."""

import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine import learner as single
from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch
from maml_engine.core.inner_loop import adapted_params
from maml_engine.core.losses import mean_squared_error
from maml_engine.experiment import Experiment
from maml_engine.io.arrays import StorageError, from_arrays, load_arrays, save_arrays, to_arrays, write_whole
from maml_engine.io.sheet import Sheet, read_sheet
from maml_engine.learner import Prediction
from maml_engine.models import Network
from maml_engine.runtime.extras import brought_by
from maml_engine.tables.encoding import Encoding

PyTree = Any
TABLE_FILE, ENSEMBLE_FILE = "table.json", "ensemble.safetensors"
VERSION = 1
MAX_SUPPORT = 200
ARRAYS = ("powers", "coefficients", "shots", "widths")


@dataclass(frozen=True, eq=False)
class TableLearner:
    """An ensemble with the columns, scales and categories of its table. `Learner.load(folder)` opens what `save` wrote.

    experiment: the run that each member is.
    encoding: from cells to numbers.
    network: the members without their parameters.
    meta: these with the method's rule, leaves `[members, ...]`.
    powers: `[features, in_dim]` exponents of the pooled fit.
    coefficients: `[features + 1, outputs]` of the pooled fit, the constant last.
    unit: members predict what is left of the pooled fit over this.
    shots: `[n]`, support rows that were judged.
    widths: `[n]`, half the width of an interval in units of its scale, for each of `shots`.
    floor: variance that the scale has beside the ensemble's spread.
    nominal: the share of rows that an interval is to hold.
    """

    experiment: Experiment
    encoding: Encoding
    network: Network
    meta: MetaParams
    powers: np.ndarray
    coefficients: np.ndarray
    unit: float
    shots: np.ndarray
    widths: np.ndarray
    floor: float
    nominal: float = 0.9

    @property
    def columns(self) -> tuple[str, ...]:
        """Input columns, in the order of the table."""
        return tuple(code.name for code in self.encoding.inputs)

    def adapt_rows(self, rows: Any) -> "AdaptedTable":
        """Adapts to the support rows of one task.

        Args:
          rows: a `Sheet`, a CSV's bytes or path, a pandas frame, or a dict of columns; inputs and the target by name.

        Raises:
          ValueError: columns that do not fit, named; cells that are no numbers, with row and column; no rows, or too many.
        """
        sheet = as_sheet(rows)
        x, y = self.encoding.encode_inputs(sheet), self.encoding.targets(self.encoding.encode_target(sheet))
        if not 1 <= len(x) <= MAX_SUPPORT:
            raise ValueError(f"The support must have 1 to {MAX_SUPPORT} rows, got {len(x)}.")
        left = (y - self.pooled(x)) / self.unit
        size = max(8, 1 << (len(x) - 1).bit_length())  # padded to a few sizes, so that one row more does not compile again
        padded = [np.zeros((size, part.shape[1]), np.float32) for part in (x, left)]
        weight = (np.arange(size) < len(x)).astype(np.float32)
        padded[0][: len(x)], padded[1][: len(x)] = x, left
        batch = Batch(*map(jnp.asarray, (*padded, weight)))
        setting = {"iteration": self.experiment.num_iterations, "inner_steps": self.experiment.inner_steps}
        params = _adapt(self.experiment.build_method(), self.network, self.meta, batch, **setting)
        return AdaptedTable(self, params, len(x))

    def pooled(self, x: np.ndarray) -> np.ndarray:
        """`[rows, in_dim] -> [rows, outputs]`: the fit that members add to."""
        features = np.prod(x[:, None, :] ** self.powers, axis=-1)
        return features @ self.coefficients[:-1] + self.coefficients[-1]

    def width(self, k: int) -> float:
        """Half an interval's width in units of its scale, from `k` support rows or the nearest number that was judged."""
        return float(self.widths[np.argmin(np.abs(self.shots - k))])

    def save(self, folder: str | Path) -> None:
        """Writes the folder that `Learner.load` opens: arrays, and a description of the table.

        Raises:
          StorageError: the disk is full, or writing is not allowed.
        """
        folder = Path(folder)
        arrays = {name: getattr(self, name) for name in ARRAYS}
        facts = {"unit": self.unit, "floor": self.floor, "nominal": self.nominal, "members": self._members()}
        described = {
            "version": VERSION,
            "experiment": dataclasses.asdict(self.experiment),
            "encoding": self.encoding.to_values(),
        }
        content = json.dumps(described, indent=1, default=list)
        save_arrays(folder / ENSEMBLE_FILE, to_arrays({"meta": self.meta}) | arrays, facts | {"description": content})
        write_whole(folder / TABLE_FILE, content.encode())

    @classmethod
    def open(cls, folder: str | Path) -> "TableLearner":
        """The inverse of `save`. Nothing is executed: arrays come from safetensors, the rest from JSON.

        Raises:
          StorageError: cut off, altered, or not a table's learner.
        """
        path = Path(folder) / ENSEMBLE_FILE
        arrays, facts = load_arrays(path)
        try:
            if (Path(folder) / TABLE_FILE).read_text(encoding="utf-8") != facts["description"]:
                raise StorageError(f"{Path(folder) / TABLE_FILE} was changed after the learner beside it was saved.")
            described = json.loads(facts["description"])
            experiment = Experiment.from_values(described["experiment"])
            encoding = Encoding.from_values(described["encoding"])
            template = _template(experiment, encoding, facts["members"])
            meta = from_arrays({"meta": template[1]}, arrays, path)["meta"]
            numbers = {name: arrays[name] for name in ARRAYS}
            return cls(
                experiment,
                encoding,
                template[0],
                meta,
                **numbers,
                unit=facts["unit"],
                floor=facts["floor"],
                nominal=facts["nominal"],
            )
        except (OSError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise StorageError(f"{folder} is not a table's learner: {error}.") from None

    def _members(self) -> int:
        return len(jax.tree.leaves(self.meta)[0])


@dataclass(frozen=True, eq=False)
class AdaptedTable:
    """An ensemble adapted to one task.

    learner: before it was adapted.
    params: leaves `[members, ...]`.
    k: support rows that it was adapted to.
    """

    learner: TableLearner
    params: PyTree
    k: int

    def predict_rows(self, rows: Any) -> Prediction:
        """Predictions of `[n, 1]` in the target's own units (a log is undone), with the interval `nominal` wide.

        For classes: their names, without one.

        Args:
          rows: as for `adapt_rows`, the inputs alone.

        Raises:
          ValueError: columns that do not fit, or cells that cannot be read, named.
        """
        learner, sheet = self.learner, as_sheet(rows)
        x = learner.encoding.encode_inputs(sheet)
        padded = np.zeros((max(64, 1 << max(0, len(x) - 1).bit_length()), x.shape[1]), np.float32)
        padded[: len(x)] = x
        each = np.asarray(_predict(learner.network, self.params, padded))[:, : len(x)] * learner.unit
        each = np.nan_to_num(each, posinf=0.0, neginf=0.0) + learner.pooled(x)
        mean = each.mean(axis=0)
        if learner.encoding.classes:
            return Prediction(np.array(learner.encoding.classes, object)[mean.argmax(axis=1)][:, None])
        half = learner.width(self.k) * np.sqrt(each.var(axis=0) + learner.floor)
        return Prediction(*map(learner.encoding.decode_target, (mean, mean - half, mean + half)))

    def prediction_columns(self, rows: Any) -> dict[str, np.ndarray]:
        """`[n]` each: inputs as they were written, predictions under the target's name, for a number its "_low" and "_high"."""
        sheet = as_sheet(rows)
        prediction, target = self.predict_rows(sheet), self.learner.encoding.target
        columns = {name: sheet.text(name) for name in self.learner.columns} | {target: prediction.mean[:, 0]}
        if prediction.low is not None and prediction.high is not None:
            columns |= {f"{target}_low": prediction.low[:, 0], f"{target}_high": prediction.high[:, 0]}
        return columns


def as_sheet(rows: Any) -> Sheet:
    """Rows in whatever form they came."""
    if isinstance(rows, Sheet):
        return rows
    with brought_by("tables"):
        import pandas as pd
    if isinstance(rows, dict | pd.DataFrame):
        return Sheet.from_frame(pd.DataFrame(rows), fewest_columns=1)
    return read_sheet(rows, fewest_columns=1)


def _template(experiment: Experiment, encoding: Encoding, members: int) -> tuple[Network, MetaParams]:
    network, one = experiment.build_template(encoding.in_dim, encoding.out_dim)
    return network, jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((members, *leaf.shape), leaf.dtype), one)


@jax.jit
def _predict(network: Network, params: PyTree, x: jax.Array) -> jax.Array:
    return jax.vmap(network.predict, (0, None))(params, x)


@partial(jax.jit, static_argnames="inner_steps")
def _adapt(method, network, meta, support, *, iteration, inner_steps):
    def one_member(meta: MetaParams) -> PyTree:
        adapter = Adapter(method, meta, network, mean_squared_error, iteration)
        return adapted_params(adapter, support, inner_steps=inner_steps)

    return jax.vmap(one_member)(meta)


single.OPENERS[TABLE_FILE] = TableLearner.open
