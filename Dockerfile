# The app for strangers, as one container:
#   docker build -t maml-lab . && docker run --read-only --tmpfs /tmp -v maml-lab:/data -p 8501:8501 maml-lab
# `python tools/run_dockerfile.py` follows these steps on a machine without Docker. docs/hosting.md says more.
FROM python:3.12-slim

RUN useradd --uid 10001 --create-home lab && install --directory --owner=lab --mode=700 /data

WORKDIR /app
COPY requirements.lock .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN python -m compileall -q .

ENV MAML_LAB_HOSTED=1 MAML_LAB_HOME=/data PYTHONUNBUFFERED=1
USER lab
RUN python -m dashboard.server.warm
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
