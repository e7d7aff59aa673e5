"""Margins as large as what will stand in them, so that Plotly draws once."""

from dashboard.figures import plain, room, style


def margins(figure: plain.Figure) -> dict:
    return room.margins(figure.properties, figure.traces)


def test_titles_and_labels_have_room_and_the_right_stays():
    figure = style.base_figure("x", "y").add_scatter(x=[0, 1], y=[0, 1])
    found = margins(figure)
    assert found["l"] >= 54 and found["b"] >= 50 and found["t"] == 8 and found["r"] == 12


def test_an_axis_without_title_takes_less():
    titled, bare = (margins(style.base_figure("x", y).add_scatter(x=[0], y=[0])) for y in ("loss", ""))
    assert bare["l"] == titled["l"] - 26
    assert "title" not in style.base_figure("x", "").properties["yaxis"]


def test_a_title_of_two_lines_takes_one_more():
    one, two = (margins(style.base_figure(x, "y")) for x in ("error", "error<br>(RMSE)"))
    assert two["b"] == one["b"] + room.LINE - 1


def test_names_on_an_axis_take_their_length():
    short, long = (margins(style.base_figure("x", "").add_scatter(x=[0], y=[name])) for name in ("MAML", "MAML" * 5))
    assert long["l"] - short["l"] == round(16 * 12 * room.CHARACTER) and short["l"] > 30


def test_a_legend_above_takes_a_row_or_two():
    figure = style.base_figure("x", "y").add_scatter(y=[0], name="a").add_scatter(y=[0], name="b")
    assert margins(figure)["t"] == room.LEGEND[1]
    figure.add_scatter(y=[0], name="a name so long that it needs a row of its own beside the others, if not two")
    assert margins(figure)["t"] == room.LEGEND[2]
    assert margins(figure.update_layout(showlegend=False))["t"] == 8


def test_what_a_figure_says_itself_is_not_made_smaller():
    assert margins(style.base_figure("x", "y").update_layout(margin={"b": 90}))["b"] == 90


def test_axes_that_make_no_room_are_left_alone():
    figure = plain.Figure({"xaxis": {"title": {"text": "x"}}, "yaxis": {"visible": False, "automargin": True}})
    assert margins(figure) == {}


def test_it_is_what_is_sent():
    figure = style.base_figure("x", "y").add_scatter(x=[0, 1], y=[0, 1])
    assert figure.as_sent().to_dict()["layout"]["margin"] == margins(figure)
