"""The Pitfalls page, without a browser."""

import dataclasses

import pytest

from dashboard.engine_calls import resources
from dashboard.page_parts.pitfalls import cards, label_orders, step_sizes
from dashboard.results import spell_loss

SMALL = {"num_iterations": 40, "meta_batch_size": 4, "hidden_dim": 8}


def links_of(page):
    return {button.proto.label: button.proto.url for button in page.get("link_button")}


@pytest.fixture
def small_cards(monkeypatch):
    """Every pair as runs of a second."""
    for name, card in cards.CARDS.items():
        both = {which: dataclasses.replace(getattr(card, which), **SMALL) for which in ("broken", "mended")}
        monkeypatch.setitem(cards.CARDS, name, dataclasses.replace(card, **both))


def test_the_page_opens_with_the_map_and_no_card(open_page):
    page = open_page("pitfalls")
    alt = " ".join(chart.proto.alt for chart in page.get("plotly_chart"))
    assert len(page.get("plotly_chart")) == 3
    assert "Mean loss over 100 tasks by inner step size and steps" in alt
    assert "α = 0.002 holds, 0.005 does not" in alt
    assert not page.error
    assert links_of(page) == {"Train with α = 0.001 and 1 step": "train?v=1&inner_lr=0.001"}
    assert any("said to be" in text.value for text in page.markdown)


def test_what_is_said_above_and_below_the_map_is_what_it_holds(open_page):
    page = open_page("pitfalls")
    (said,) = [text.value for text in page.markdown if text.value.startswith("For this learner")]
    found = step_sizes.frontier(resources.shipped_learners()["sinusoid_maml"], 10)
    loss, first = found.summary(), found.first_diverged()
    assert "as high after ten steps as after one" in said and first[1] == first[10]
    for row in (first[1] - 1, first[1]):
        assert f"{step_sizes.INNER_LRS[row]:g}" in said
        assert " → ".join(spell_loss(loss[row, steps]) for steps in (0, 1, 10)) in said
    assert any("the best of the four after ten steps is 0.001, and worse than not adapting: 0.01, 0.05, 0.1." in caption.value
               for caption in page.caption)  # fmt: skip
    named = [text.value for text in [*page.markdown, *page.caption, *page.subheader] if "tutorial" in text.value.lower()]
    assert named and all("the tutorial *Meta-Learning with MAML*" in text for text in named)
    page = open_page("pitfalls", summary="worst tenth", pitfall_shots="3")
    assert any(text.value.startswith("For this learner") and "worst tenth loss" in text.value for text in page.markdown)


def test_a_cell_is_chosen_and_opens_in_train(open_page):
    page = open_page("pitfalls", cell_lr="0.002", cell_steps="5", shots="5")
    page.slider(key="cell_steps").set_value(7).run()
    assert not page.exception
    ((label, address),) = links_of(page).items()
    assert label == "Train with α = 0.002 and 7 steps"
    assert "inner_lr=0.002" in address
    assert "inner_steps=7" in address
    assert "k_shot=5" in address
    assert [metric.label for metric in page.metric][:2] == ["Mean", "Median"]


@pytest.mark.parametrize("name", cards.CARDS)
def test_every_card_opens_with_words_and_links(name, open_page):
    page = open_page("pitfalls", **{"open_" + name: "true"})
    card = cards.CARDS[name]
    text = " ".join(part.value for part in page.markdown)
    assert card.problem in text
    assert card.fix in text
    assert len(page.get("plotly_chart")) == 3 + bool(card.live)
    found = links_of(page)
    assert "Open the mended one" in found
    assert ("Open the broken run in Train" in found) != card.leaks
    assert page.query_params[f"open_{name}"] == "true"


@pytest.mark.parametrize("name", ["finite_pool", "support_as_query"])
def test_both_runs_are_trained_and_judged(small_cards, name, open_page, wait_for_jobs):
    page = open_page("pitfalls", **{"open_" + name: "true"})
    page.button(key=f"run_{name}").click().run()
    assert not page.exception
    card, *ids = page.session_state["pair"].split(".")
    assert (card, len(ids)) == (name, 2)
    wait_for_jobs(ids)
    again = open_page("pitfalls", pair=".".join([name, *ids]), **{"open_" + name: "true"})  # as a reload does
    text = " ".join(part.value for part in again.markdown)
    assert "Judged on the same 200 new tasks" in text
    assert "broken **" in text
    assert "mended **" in text
    assert again.query_params["pair"] == f"{name}.{ids[0]}.{ids[1]}"


def test_the_link_names_the_runs_of_every_card(small_cards, open_page, wait_for_jobs):
    page = open_page("pitfalls", open_finite_pool="true", open_support_as_query="true")
    page.button(key="run_finite_pool").click().run()
    page.button(key="run_support_as_query").click().run()
    assert not page.exception
    pairs = page.session_state["pair"]
    assert [pair.split(".")[0] for pair in pairs.split(",")] == ["finite_pool", "support_as_query"]
    wait_for_jobs(job_id for pair in pairs.split(",") for job_id in pair.split(".")[1:])
    again = open_page("pitfalls", pair=pairs, open_finite_pool="true", open_support_as_query="true")  # as a reload does
    assert [part.value for part in again.markdown].count("**Judged on the same 200 new tasks**") == 2


def test_a_pair_that_is_not_here_is_left_aside(open_page):
    page = open_page("pitfalls", pair="finite_pool.nobody.neither", open_finite_pool="true")
    assert not page.error


def test_one_button_opens_all_cards_and_closes_them(open_page):
    page = open_page("pitfalls")
    page.button(key="open_or_close").click().run(timeout=300)
    assert not page.exception
    text = " ".join(part.value for part in page.markdown)
    assert all(card.problem in text for card in cards.CARDS.values())
    assert {f"open_{name}" for name in cards.CARDS} <= set(page.query_params)
    page.button(key="open_or_close").click().run()
    assert page.button(key="open_or_close").label == "Open all"
    assert not any(name.startswith("open_") for name in page.query_params)


def test_the_card_about_the_order_of_labels_shows_what_was_measured(open_page):
    page = open_page("pitfalls", open_label_order="true")
    assert not page.exception
    found = label_orders.load()
    for name, title in (("maml", "MAML"), ("unicorn", "UNICORN")):
        ranked = 100 * found.ranked(name)
        assert any(f"{title} {ranked[0]:.1f} % to {ranked[-1]:.1f} %" in caption.value for caption in page.caption)
    assert len(page.get("plotly_chart")) == 4
