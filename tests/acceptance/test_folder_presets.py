"""The cards of pictures that are not ours, end to end in the other layouts: half a minute of a core each."""

import pytest

from tests.experiment.test_folder_presets import class_folders, flat_with_lists, from_end_to_end

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(
    ("name", "files"),
    [("cifar_fs_maml", class_folders), ("mini_imagenet_maml", flat_with_lists)],
)
def test_a_card_runs_end_to_end_on_a_folder(name, files, tmp_path, capsys):
    from_end_to_end(name, files, tmp_path, capsys)
