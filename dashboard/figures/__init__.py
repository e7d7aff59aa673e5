"""Numbers in, Plotly figures out; no Streamlit, no training."""
