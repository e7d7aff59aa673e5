"""Lessons: one picture for a whole class, and a question whose answers come together. No streamlit.

`book` keeps them in the library's database; it is imported where it is wanted, since a first picture waits for no database.
"""

from dashboard.lessons.model import Lesson, Question, Tally

__all__ = ["CLASS_KEY", "TEACHER_KEY", "Lesson", "Question", "Tally"]

CLASS_KEY, TEACHER_KEY = "class", "teacher"  # in links: a lesson's id, and the secret that makes a browser its teacher's
