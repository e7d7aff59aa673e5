"""The smallest app with a chart: what Streamlit itself costs, measured in the same run as ours."""

import plotly.graph_objects as go
import streamlit as st

number = st.slider("number", 1, 100, 10, key="number")
st.plotly_chart(go.Figure(go.Scatter(y=[number * value % 17 for value in range(100)])), key="chart")
