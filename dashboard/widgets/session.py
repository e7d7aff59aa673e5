"""Every session key that code reads or writes, and how a session begins. Light: a first picture need not wait for the engine.

Widgets that are bound to the link have the name of what they set there: the Experiment's fields, `learner`, a page's own. Where
code reads or sets such a widget, or keeps something of its own in the link, the name is a constant here like any other key. A
widget that code only makes has its name where it is made, and components keep what they remember beside the page's key.
"""

from collections.abc import Mapping

import streamlit as st

from dashboard import lessons
from dashboard.components import address

# Of every page.
KEPT = "_kept"  # field -> value, for fields that are not the default, on whichever page they were set
SHOWN = "_shown"  # the fields that have a widget in this run
OTHER_KIND = "_other_kind"  # the same of the kind of tasks that is not looked at, functions or pictures
AWAY = "_away"  # whether a page about functions has put pictures aside there
VALID = "_valid"  # the last Experiment that was accepted
NOTES = "_notes"  # sentences about the link that the visitor came by
STRANGE = "_strange"  # the link's keys that are no field
CAME_BY = "_came_by"  # what the link says of a page's own widgets, until a page has been shown to its end
PLACE = "_place"  # below the title, where sentences about the link stand
EXTRA = "_extra_"  # + field: values of a slider that lie between its marks
RUNS = "_runs"  # job ids of the runs whose learner is offered on every page
LEARNER_CHOICE = "_learner"  # the sidebar's choice among learners: a job id
LEARNER_WRITTEN = "_learner_written"  # what was last written into the address of it
ANSWERS = "_answers"  # name in the link -> what was said of it, until a page has been shown to its end
SET_BACK = "_set_back"  # the controls were just set to what is shown, by a part of the page
SCRIPT_SHARE = "_script_share"  # what the session has had of the server's interpreter
TROUBLE_SAID = "_trouble_said"  # that nothing can be kept here was said
VISITOR = "_visitor"  # the secret of a visitor whose browser keeps no cookie
REFUSED = "_refused_"  # + name in the link: why the jobs of that name were refused

# A lesson.
CLASS_KEY, TEACHER_KEY = lessons.CLASS_KEY, lessons.TEACHER_KEY  # in links
CLASS = "_class"  # the id of the lesson that the session is in
CAME_TO = "_class_came_to"  # lesson, number of its picture and visit for which the address was set right
SETTLED = "_class_settled"  # key -> what a control that the class may not change began with
BEGAN = "_class_began"  # the same of those that it may change
AS_CLASS = "_class_as_pupil"  # whether a teacher looks at it as the class does
PAGE_KEYS = "_class_page"  # the keys of the page that is shown
POLL = "_class_poll"  # seconds after which this session looks again
TEACHER_SECRET = "_class_secret"  # of the teacher's link, in the session that made it
MY_ANSWERS = "_class_answers"  # (lesson, number of the question) -> this browser's answer
SAID = "_class_said"  # why the last answer or change was not taken

HELD = "_held"  # key -> what a page's own widget held when it was last shown

# Home.
HOME_BENCH = "home_bench"  # what the visitor has changed on the bench
POINT_SEED = "point_seed"
OWN_RUNS = "own_runs"  # job ids of the visitor's own learners on the bench
# Learn.
LESSON = "lesson"  # the step that is shown
ANSWERED = "answered"  # the steps whose question the visitor has answered, as in "1.3"
DONE_FOR_ME = "learn_done"  # those that the page has answered instead, in the same form
BY_HAND = "_by_hand"  # the steps that were seen unanswered since: what answers them next is the visitor's own
LEARN_LR, LEARN_STEPS = "learn_lr", "learn_steps"
# Parameter space.
WALK = "walk"  # the job id of the run whose path is drawn
WALK_SEED = "walk_seed"
# Gradients.
RACE = "race_runs"  # the two job ids of the race
RACE_LR, RACE_ITERATIONS = "race_lr", "race_iterations"
COSTS_MEASURED = "_costs_measured"  # how often costs were asked to be measured here
# Pitfalls.
MAP = "map"  # the figure that is clicked on
CELL_LR, CELL_STEPS = "cell_lr", "cell_steps"
OPEN = "open_"  # + a card's name: whether it is open
PAIR = "pair"  # cards and the job ids of their two runs, as in "leak.id.id,steps.id.id"
PAIR_REFUSED = "_pair_refused"  # a card, and why its runs were refused
# Train.
JOB = "_job"  # the job id of the run that the page shows
LEARNER_NAME = "_learner_name_"  # + job id: what its learner is called
SAVED = "_saved"  # one sentence about a learner that was just saved
TABLE_NAMED = "_table_named"  # the uploaded file of which it was said that the link names another
# Adapt.
PICTURES = "wall"  # the figure of twelve tasks that is clicked on
CHOSEN_TASK = "chosen_task"
TASK_SEED = "task_seed"
# Characters.
PICTURE_LEARNER = "picture_learner"
PICTURE_RUNS = "picture_runs"  # ids of runs whose learners are offered there, as in "id.id"
OWN_PICTURE_LEARNER, LEARNER_FILE = "_own_picture_learner", "_learner_file"  # what the visitor brought; its upload
LEARNER_REFUSED = "_learner_refused"  # why the last one was not taken
LEARNER_TAKEN = "_learner_taken"  # whether one has just come with drawings
STATISTICS = "_statistics"  # what the learner of an episode normalises by
EPISODE_SEED = "episode_seed"
BROUGHT, BROUGHT_FILE = "_drawings_brought", "_drawings_file"  # drawings that were brought back, by an id; their upload
BROUGHT_REFUSED = "_drawings_refused"  # why the last ones were not taken
GAME, GUESSES = "_game", "_guesses"  # the episode that is played, and the visitor's answers so far
PICTURE_FILES = {"known": "_known_pictures", "asked": "_asked_pictures"}  # uploads of the visitor's own pictures
PICTURE_SETS = "_picture_sets"  # what those are: "known" or "asked" -> a description, or why there is none
PICTURE_ANSWERS = "_picture_answers"  # "known" or "asked" -> the last question about them, and its answer
PICTURE_SHOTS, PICTURE_CLASSES = "_picture_shots", "_picture_classes"
# Compare.
CONTEST = "contest"  # the job id of the comparison
STARTED = "_contest_started"  # the same, until its result is shown for the first time
METHODS, BUDGET, SEEDS = "methods", "budget", "seeds"
AMOUNT = "amount_"  # + kind of budget
AFTER, AGAINST, PIN, OVERLAY = "after", "against", "pin", "overlay"
# Runs.
RUN_CHOICE, BASELINE = "run", "baseline"  # ids of the runs that are chosen; the id of the one that is pinned
RUNS_TABLE = "_runs_table_"  # + a digest of its rows and columns: the rows that are chosen in it
FIND_RUNS, ONLY_DIFFERENCES = "find", "differences"
RUNS_LINKED = "_runs_linked"  # ids of runs that links have opened in this session, also those that are not chosen any more
RUNS_SHOWN = "_runs_shown"  # how many of the newest are shown
BRUSH_TURN, TABLE_TURN, IMPORT_TURN = "_brush_turn", "_table_turn", "_import_turn"  # which chart, table and upload of the page
RUN_NAME, RUN_NOTE, RUN_FILE = "_run_name_", "_run_note_", "_run_file_"  # + run id, or number of the upload
RUN_SAID, IMPORT_REFUSED = "_run_said", "_import_refused"  # sentences about what was just done; why a file was not taken
# Notes.
CHECKED = "_notes_live"  # name -> result, of the checks that were run here
CHECK_JOB = "check_job"  # the job id of the checks that are measured, or were last
CARD_JOB = "card_job"  # the job id of a card's short run
# Your tasks.
TRIAL = "trial"  # the job id of the run that the verdict is of
SOURCE, EXAMPLE = "source", "example"  # where the table comes from, and which example
KNOWN_ROWS = "known_rows"  # of a new task
SOURCE_SWITCHED = "_source_switched"  # whether the visitor has just come back to the examples
SHELF = "_shelf"  # this session's tables, by id
TRAIN_SHELF = "_train_shelf"  # the same of Train
BEGUN = "_begun"  # what the editors of new tasks began with, by id
TABLES = "_tables"  # ids of this session's tables, the one that is shown last
TABLE_REFUSED = "_table_refused"  # where and why the last attempt to change the table failed
TABLE_FILE, TABLE_PASTED = "_tasks_file", "_tasks_pasted"
ROWS_FILE = {"known": "_known_file", "asked": "_asked_file"}  # uploads of a new task's rows
NEW_TASK = "_known_rows_of"  # a table's id, and the id of what the editors of a new task begin with

SEVERAL = (METHODS, OVERLAY)  # keys of widgets that take several values, or none of them
# A page's own keys are its own alone, since widgets of one key share their value, whatever kind of widget they are. These once
# were not: page -> key in links of before -> key now.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "adapt": {"shots": "adapt_shots"},
    "gradients": {"adapt_lr": "gradient_lr", "pair": RACE},
    "notes": {"card": "published_card"},
    "pitfalls": {"shots": "pitfall_shots"},
}


def begin(page: str = "") -> None:
    """What every run of a page begins with.

    Args:
      page: its file's name; links of before may spell some of its keys in another way.
    """
    settle(RENAMED.get(page, {}))
    st.session_state[SHOWN] = []


def hold(*names: str) -> None:
    """Remembers what widgets hold, since Streamlit forgets those that are not shown."""
    shown = {name: st.session_state[name] for name in names if name in st.session_state}
    st.session_state[HELD] = {**st.session_state.get(HELD, {}), **shown}


def hand_back(*names: str) -> None:
    """Before widgets are made: what they held when they were last shown, where the address says nothing."""
    held = {} if address.says_all() else st.session_state.get(HELD, {})
    for name in names:
        if name in held and name not in st.session_state and name not in st.query_params:
            st.session_state[name] = held[name]


def settle(renamed: Mapping[str, str] | None = None) -> None:
    """Takes in the link that the visitor came by, once a session, before any widget is made.

    What the link spells in another way, or wrongly, is put right in the address, since widgets read it there themselves.

    Args:
      renamed: key in links of before -> key now.
    """
    if KEPT in st.session_state:
        return
    st.session_state[SHOWN] = []
    st.session_state[KEPT], st.session_state[NOTES], st.session_state[STRANGE] = {}, [], []
    for name in (OTHER_KIND, AWAY):
        st.session_state.pop(name, None)
    came_by = {name: st.query_params.get_all(name) for name in st.query_params}
    if not came_by:
        return
    from dashboard.widgets import links

    renamed = {name: now for name, now in (renamed or {}).items() if name in came_by}
    named = {now: came_by[name] for name, now in renamed.items()}
    link = links.read(named | {name: spelled for name, spelled in came_by.items() if name not in renamed})
    # What a link leaves empty a widget takes for nothing chosen, even one in which something must be.
    others = {name: content for name, content in link.others.items() if content != [""] or name in SEVERAL}
    st.session_state[CAME_BY] = others
    st.session_state[KEPT] = {name: value for name, value in link.values.items() if value != links.FIELDS[name].default}
    st.session_state[NOTES] = link.notes
    st.session_state[STRANGE] = [name for name in link.others if name not in links.RESERVED]
    wanted = {**others, **{name: [content] for name, content in links.write(link.values).items()}}
    if came_by != wanted:
        st.query_params.from_dict(wanted)
        st.rerun()
