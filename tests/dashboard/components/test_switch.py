import json

import pytest
from streamlit.testing.v1 import AppTest


def app(chosen_before=None):
    import streamlit as st

    from dashboard.components.switch import Control, Picture, choose, chosen, switch
    from dashboard.components.switched_text import switched_text
    from dashboard.figures import plain

    who = Control("who", "Who", {"maml": "MAML", "joint": "Pretrained, on all"}, "maml")
    steps = Control("steps", "Steps", {k: f"{k} steps" for k in range(3)}, 1, slider=True)
    figures = {k: plain.Figure({}).add_scatter(x=[0, 1], y=[k, None]) for k in steps.choices}
    st.button("Two", on_click=choose, args=(steps, 2))
    st.button("One", on_click=choose, args=(steps, 1))
    switch("_switch", [who, steps], [Picture.of("curves", steps, figures)])
    switched_text("_text", [steps], {(k,): f"after **{k}**" for k in steps.choices})
    st.write(f"{chosen(who)!r} {chosen(steps)!r}")


def sent(page, name):
    (found,) = [element for element in page.get("bidi_component") if element.proto.component_name == name]
    return json.loads(found.proto.json)[0]


@pytest.fixture
def page():
    return AppTest.from_function(app)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ({}, "'maml' 1"),
        ({"who": "joint", "steps": "2"}, "'joint' 2"),
        ({"who": "Pretrained, on all", "steps": "2 steps"}, "'joint' 2"),
        ({"who": "<b>", "steps": "-1"}, "'maml' 1"),
        ({"steps": "1e3"}, "'maml' 1"),
    ],
)
def test_the_address_says_what_is_chosen(page, address, meant):
    page.query_params.update(address)
    page.run()
    assert not page.exception and page.markdown[0].value == meant


def test_the_browser_has_all_that_it_shows(page):
    page.query_params["steps"] = "2"
    data = sent(page.run(), "switch")
    assert data["values"] == {"who": "maml", "steps": "2"}
    assert data["controls"][1]["choices"] == [["0", "0 steps"], ["1", "1 steps"], ["2", "2 steps"]]
    (picture,) = data["pictures"]
    assert (picture["chart"], picture["by"], set(picture["changes"])) == ("curves", ["steps"], {"0", "1", "2"})
    assert picture["changes"]["2"] == {"traces": {"0": {"y": [2, None]}}, "layout": {}, "alt": ""}
    assert sent(page, "switched_text")["texts"] == {str(k): f"after **{k}**" for k in range(3)}


def test_a_callback_sets_a_choice_and_leaves_a_default_out_of_the_address(page):
    page.run()
    page.button[0].click().run()
    assert page.markdown[0].value == "'maml' 2" and page.query_params["steps"] == "2"
    page.button[1].click().run()
    assert page.markdown[0].value == "'maml' 1" and "steps" not in page.query_params


@pytest.mark.parametrize(
    ("said", "meant"), [({"who": "joint", "steps": "2"}, "'joint' 2"), ({"steps": "9"}, "'maml' 1"), (3, "'maml' 1")]
)
def test_a_browser_that_cannot_show_it_says_so_and_python_does(page, said, meant):
    from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

    page.run()
    (found,) = [element for element in page.get("bidi_component") if element.proto.component_name == "switch"]
    page._run(WidgetStates(widgets=[WidgetState(id=found.proto.id, json_value=json.dumps({"chosen": said}))]))
    assert not page.exception and page.markdown[0].value == meant
