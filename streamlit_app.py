"""MAML Lab: the list of pages and the navigation."""

import streamlit as st

from dashboard import page

page.setup()
st.navigation(
    {
        "Lab": [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:", url_path="train"),
            st.Page("pages/adapt.py", title="Adapt", icon=":material/tune:", url_path="adapt"),
            st.Page("pages/gradients.py", title="Gradients", icon=":material/north_east:", url_path="gradients"),
            st.Page("pages/pitfalls.py", title="Pitfalls", icon=":material/warning:", url_path="pitfalls"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
            st.Page("pages/your_tasks.py", title="Your tasks", icon=":material/table_chart:", url_path="your_tasks"),
        ]
    }
).run()
