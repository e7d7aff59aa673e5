"""The sidebar makes the Experiment that its widgets and the link describe."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.widgets import control_tables, links
from tests.pages import walks
from tests.pages.benches import sent
from tests.reading import as_read


def shown():
    import streamlit as st

    from dashboard.widgets import controls, page

    page.opening("Title", "Try this.")
    experiment = controls.experiment_controls(*st.session_state.get("names", ["inner_lr", "inner_steps", "k_shot"]))
    st.text(experiment.to_json())
    page.finish()


def run(names=None, **parameters):
    page = AppTest.from_function(shown, default_timeout=120)
    if names:
        page.session_state["names"] = names
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def experiment_of(page):
    from maml_engine import Experiment

    return Experiment.from_json(page.text[0].value)


def address(page):
    """The browser's, which is what "Copy link" copies."""
    return walks.address(page, {name: spec.default for name, spec in links.FIELDS.items()})


def test_every_field_that_has_a_widget_has_a_label():
    grouped = {name for members in control_tables.GROUPS.values() for name in members}
    assert grouped == set(control_tables.LABELS)
    assert grouped | set(links.TABLE_FIELDS) == set(links.FIELDS)


def test_widgets_start_at_the_defaults_and_change_the_run():
    page = run()
    assert experiment_of(page).changes() == {}
    page.number_input(key="inner_steps").set_value(3)
    page.select_slider(key="inner_lr").set_value(0.1).run()
    assert experiment_of(page).changes() == {"inner_lr": 0.1, "inner_steps": 3}
    assert address(page) == {"inner_lr": "0.1", "inner_steps": "3"}


def test_a_link_is_taken_in_also_between_the_marks():
    page = run(inner_lr="0.0123", inner_steps="4")
    assert page.select_slider(key="inner_lr").value == 0.0123
    assert experiment_of(page).changes() == {"inner_lr": 0.0123, "inner_steps": 4}
    page.select_slider(key="inner_lr").set_value(0.1).run()
    assert experiment_of(page).inner_lr == 0.1


@pytest.mark.parametrize("names", [None, ["tasks", "model", "inner_steps"]])
def test_a_link_to_tasks_of_pictures_shows_functions_on_a_page_about_functions(names):
    page = run(names, tasks="glyphs", model="conv4", inner_steps="4")
    assert experiment_of(page).changes() == {"inner_steps": 4}
    if names:
        for name in ("tasks", "model"):
            assert not {"glyphs", "omniglot", "conv4"} & set(page.selectbox(key=name).options)


def test_a_field_without_a_widget_keeps_what_the_link_says():
    page = run(meta_lr="0.005", inner_lr="0.02")
    assert experiment_of(page).changes() == {"meta_lr": 0.005, "inner_lr": 0.02}
    page.number_input(key="inner_steps").set_value(2).run()
    assert experiment_of(page).meta_lr == 0.005
    assert address(page) == {"meta_lr": "0.005", "inner_lr": "0.02", "inner_steps": "2", "v": "1"}


def test_a_bad_value_in_a_link_is_set_aside_with_one_sentence():
    page = run(inner_lr="abc", k_shot="0", n_way="1", utm_source="mail")
    assert experiment_of(page).changes() == {}
    said = " ".join(note.value for note in page.info)
    assert all(name in said for name in ("`inner_lr`", "`k_shot`", "`n_way`", "utm_source"))
    assert set(address(page)) <= {"v", "utm_source"}
    assert sent(page, "copy_link") == {"always": {"v": "1"}, "without": ["utm_source"]}


def test_a_value_that_is_refused_is_said_and_the_last_one_stays():
    page = run()
    page.number_input(key="inner_steps").set_value(2).run()
    page.number_input(key="k_shot").set_value(0).run()
    assert not page.exception
    assert as_read(page.error[0].value).startswith("`k_shot` must be a whole number >= 1")
    assert as_read(page.error[0].value).endswith("got 0.")
    assert experiment_of(page).k_shot == 10
    assert experiment_of(page).inner_steps == 2
    page.number_input(key="k_shot").set_value(5).run()
    assert not page.error
    assert experiment_of(page).k_shot == 5


def test_an_interval_is_two_numbers_with_a_comma():
    page = run(["amplitude", "phase"])
    page.text_input(key="amplitude").set_value("1, 2.5").run()
    assert experiment_of(page).changes() == {"amplitude": (1.0, 2.5)}
    page.text_input(key="amplitude").set_value("3,1").run()
    assert "`amplitude` must go from low to high" in as_read(page.error[0].value)


def shown_fields(**parameters):
    """Which fields have a widget, with all of them asked for."""
    every = [name for members in control_tables.GROUPS.values() for name in members]
    page = run(every, **parameters)
    return {widget.key for kind in ("number_input", "text_input", "toggle", "selectbox") for widget in page.get(kind)} & set(
        links.FIELDS
    )


@pytest.mark.parametrize(
    ("parameters", "more", "fewer"),
    [
        ({"method": "mamlplusplus"}, {"learn_step_sizes", "inner_lr_decay", "per_step_norms", "multi_step_iterations",
                                      "first_order_iterations"}, set()),
        ({"method": "imaml"}, {"proximal", "inner_tolerance", "cg_steps"}, set()),
        ({"method": "r2d2"}, set(), {"inner_steps", "inner_optimizer"}),
        ({"tasks": "frequency_sinusoid"}, {"frequency"}, set()),
        ({"tasks": "lines"}, set(), {"amplitude", "phase"}),
        ({"tasks": "polynomials"}, {"degree"}, {"amplitude", "phase"}),
        ({"tasks": "gaussian_process"}, {"length_scale"}, {"amplitude", "phase"}),
        ({"model": "mlp"}, {"num_layers", "activation", "layer_norm"}, set()),
        ({"model": "context_mlp"}, {"num_layers", "activation", "layer_norm", "context_dim"}, set()),
        ({"model": "fourier_mlp"}, {"num_layers", "activation", "layer_norm", "fourier_features", "fourier_scale"}, set()),
        ({"meta_optimizer": "adamw"}, {"weight_decay"}, set()),
    ],
)  # fmt: skip
def test_fields_show_only_where_they_mean_something(parameters, more, fewer):
    plain, shown = shown_fields(), shown_fields(**parameters)
    assert (shown - plain, plain - shown) == (more, fewer)


def test_a_switch_is_spelt_as_the_experiment_spells_it():
    names = ["method", "model", "learn_step_sizes", "layer_norm"]
    page = run(names, method="mamlplusplus", model="mlp", learn_step_sizes="false", layer_norm="true")
    assert not page.toggle(key="learn_step_sizes").value
    assert page.toggle(key="layer_norm").value
    assert experiment_of(page).changes() == {
        "method": "mamlplusplus", "model": "mlp", "learn_step_sizes": False, "layer_norm": True
    }  # fmt: skip
    assert address(page)["learn_step_sizes"] == "false"
    page.toggle(key="layer_norm").set_value(False).run()
    assert not experiment_of(page).layer_norm


def test_a_whole_run_can_be_chosen():
    def chosen():
        import streamlit as st

        from dashboard.widgets import controls, page
        from maml_engine.experiment.presets import PRESETS

        page.opening("Title", "Try this.")
        experiment = controls.experiment_controls(
            "method", "inner_lr", "meta_lr", "model", "hidden_dim", "activation", "k_shot"
        )
        st.button("Choose", key="choose", on_click=controls.choose, args=(PRESETS["reptile"].experiment,))
        st.text(experiment.to_json())
        page.finish()

    page = AppTest.from_function(chosen, default_timeout=120)
    page.query_params["k_shot"], page.query_params["noise"] = "3", "0.5"
    page.run()
    page.button(key="choose").click().run()
    assert not page.exception
    from maml_engine.experiment.presets import PRESETS

    assert experiment_of(page) == PRESETS["reptile"].experiment
    assert page.select_slider(key="inner_lr").value == 0.02
    page.run()
    assert experiment_of(page) == PRESETS["reptile"].experiment


def test_reset_brings_back_the_defaults():
    page = run(meta_lr="0.005", inner_lr="0.02", k_shot="3")
    page.button(key="_reset").click().run()
    assert not page.exception
    assert experiment_of(page).changes() == {}
    assert page.number_input(key="k_shot").value == 10
    assert set(address(page)) <= {"v"}
    page.run()
    assert experiment_of(page).changes() == {}


def test_a_pages_own_text_comes_back_into_the_address():
    """A visit to another page has dropped it there: a run's id, say, that code keeps in the session."""

    def shown():
        import streamlit as st

        from dashboard.widgets import page

        page.opening("Title", "Try this.")
        st.number_input("Number", 0, 9, 3, key="known_rows", bind="query-params")
        page.finish({"trial": "", "pair": "", "known_rows": 3})

    page = AppTest.from_function(shown, default_timeout=120)
    page.session_state["trial"] = "a-run"
    page.run()
    page.number_input(key="known_rows").set_value(5).run()
    assert not page.exception
    assert page.query_params["trial"] == "a-run"
    assert "pair" not in page.query_params
    page.query_params.clear()
    page.run()
    assert page.query_params["trial"] == "a-run"
    page.button(key="_reset").click().run()
    assert "trial" not in page.query_params


@pytest.mark.parametrize(
    ("parameters", "hidden"),
    [({"method": "r2d2"}, {"inner_steps": "4"}), ({}, {"num_layers": "3"}), ({}, {"weight_decay": "1"})],
)
def test_what_a_link_says_of_a_field_that_means_nothing_there_is_left_out(parameters, hidden):
    page = run(["method", "inner_lr", *hidden], **parameters, **hidden)
    assert not {widget.key for widget in page.number_input} & set(hidden)
    assert experiment_of(page).changes() == parameters


# Functions and pictures.


def shown_with_pictures():
    import streamlit as st

    from dashboard.widgets import controls, page
    from dashboard.widgets.control_tables import GROUPS

    every = [name for members in GROUPS.values() for name in members if name != "loss"]
    page.opening("Title", "Try this.")
    names, pictures = (["k_shot"], []) if st.session_state.get("elsewhere") else (every, ["glyphs"])
    st.text(controls.experiment_controls(*names, pictures=pictures).to_json())
    page.finish()


def with_pictures(**parameters):
    page = AppTest.from_function(shown_with_pictures, default_timeout=120)
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


def test_who_turns_to_pictures_begins_with_what_is_of_use_there_and_finds_the_functions_again():
    page = with_pictures(inner_lr="0.05", k_shot="7", model="mlp")
    assert page.selectbox(key="tasks").options[-2:] == ["glyphs", "table"]
    page.selectbox(key="tasks").set_value("glyphs").run()
    assert experiment_of(page).changes() == control_tables.PICTURE_START
    assert set(page.selectbox(key="model").options) == {"conv4", "resnet", "image_mlp"}
    assert not {"cavia", "cnp"} & set(page.selectbox(key="method").options)
    shown = {widget.key for kind in ("number_input", "text_input", "toggle") for widget in page.get(kind)} & set(links.FIELDS)
    assert {"n_way", "k_shot", "variation", "filters"} <= shown
    assert not shown & {"amplitude", "phase", "x_range", "noise", "pool", "inner_steps", "hidden_dim", "rotations", "data"}
    assert page.number_input(key="k_shot").label == "Support pictures of each class (`k_shot`)"
    page.number_input(key="n_way").set_value(3).run()
    page.selectbox(key="tasks").set_value("sinusoid").run()
    assert experiment_of(page).changes() == {"inner_lr": 0.05, "k_shot": 7, "model": "mlp"}
    page.selectbox(key="tasks").set_value("glyphs").run()
    assert experiment_of(page).changes() == control_tables.PICTURE_START | {"n_way": 3}
    page.button(key="_reset").click().run()
    assert experiment_of(page).changes() == {}


def test_a_page_about_functions_puts_pictures_aside_until_one_comes_that_has_them():
    page = with_pictures(k_shot="7")
    page.selectbox(key="tasks").set_value("glyphs").run()
    page.session_state["elsewhere"] = True
    page.query_params.clear()  # as on the way to another page
    page.run()
    assert experiment_of(page).changes() == {"k_shot": 7}
    page.session_state["elsewhere"] = False
    page.query_params.clear()
    page.run()
    assert experiment_of(page).changes() == control_tables.PICTURE_START


def test_a_link_to_pictures_means_what_the_command_line_means():
    assert experiment_of(with_pictures(tasks="glyphs", n_way="3")).changes() == {
        "tasks": "glyphs", "n_way": 3, "model": "conv4", "loss": "softmax_cross_entropy"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"tasks": "omniglot", "method": "protonet"}, "a page downloads none"),
        ({"tasks": "images", "data": "ab"}, "`tasks` images needs pictures"),
        ({"tasks": "glyphs", "model": "mlp"}, "`model` mlp is no network for pictures. The page uses conv4."),
        ({"tasks": "glyphs", "method": "cavia"}, "`method` cavia adapts a context, which no network of pictures has"),
    ],
)
def test_what_a_link_says_of_pictures_and_is_not_here_gives_way_with_a_sentence(parameters, says):
    page = with_pictures(n_way="4", **parameters)
    (note,) = [note.value for note in page.info]
    assert says in note
    run = experiment_of(page)
    assert (run.tasks, run.n_way, run.model) == ("glyphs", 4, "conv4")
    page.run()
    assert experiment_of(page) == run
