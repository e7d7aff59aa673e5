"""A Streamlit server of its own, and visitors who speak its protocol: WebSockets and protobufs, no browser."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from benchmarks.places import end, free_port, start_app, wait_until_well

# How a widget's identity begins, before the key that the page gave it.
_IDENTITY = re.compile(r"\$\$(?:ID|WIDGET|GENERATED_WIDGET)-[0-9a-f]+-(.*)$")
LOST = "ended before it was done"  # what the page says of a process of the engine's; for whoever asked it is an error
_FINISHED = (0, 1, 3)  # a script that ended well, with an error in it, or as a fragment; 2 is "ended early for another run"


class Server:
    """An app on this machine's loopback, hosted and with no runs of before."""

    def __init__(self, script: str, *, home: str | None = None, counts_compiling: bool = False):
        """Starts it and waits until it answers.

        Args:
          script: the app's.
          home: a folder that outlives it; None makes one that does not.
          counts_compiling: for `programs_compiled`.
        """
        self.port = free_port()
        self._home = tempfile.TemporaryDirectory(prefix="maml-lab-load-")
        self._log = Path(self._home.name) / "log.txt"
        settings = {"MAML_LAB_HOSTED": "1", "MAML_LAB_HOME": home or self._home.name} | (
            {"JAX_LOG_COMPILES": "1"} if counts_compiling else {}
        )
        self._process = start_app(script, self.port, self._log, **settings)
        try:
            wait_until_well(f"http://127.0.0.1:{self.port}/_stcore/health", 60)
        except TimeoutError:
            self.stop()
            raise

    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    def cpu_seconds(self) -> float:
        """Processor time so far, of the server and the processes that it started, those that have ended among them."""
        return processor_seconds(self._tree())

    def memory_mb(self) -> tuple[float, float]:
        """Memory now: what is resident of the server, and what it and the processes that it started take together.

        Together, pages that several of them share (the code of JAX) count once: the sum of "proportional set sizes".
        """
        resident = int(_stat(self._process.pid)[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return resident, sum(map(_proportional_mb, self._tree()))

    def engine_pids(self) -> list[int]:
        """The processes that it has started and that are there now."""
        return self._tree()[1:]

    def programs_compiled(self) -> int:
        """How many programs JAX has compiled so far, or loaded from its cache."""
        return self.log().count("Finished XLA compilation")

    def threads(self) -> int:
        """How many the server has, without the processes that it started."""
        return len(os.listdir(f"/proc/{self._process.pid}/task"))

    def kill(self) -> None:
        """Ends it as a power cut would, and what it has started as well."""
        for process in self._tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        self._home.cleanup()

    def stop(self) -> None:
        """Ends it."""
        end(self._process)
        self._home.cleanup()

    def _tree(self) -> list[int]:
        parents = {int(path.name): _stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
        found = [self._process.pid]
        for one in found:
            found += [process for process, fields in parents.items() if int(fields[1]) == one]
        return [process for process in found if _stat(process)[0] != "-"]


def processor_seconds(processes: Iterable[int]) -> float:
    """Processor time so far of processes, and of those that they started and that have ended."""
    return sum(sum(map(int, _stat(process)[11:15])) for process in processes) / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; of a process that is gone, "-" and zeros."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ["-"] + ["0"] * 50


def _proportional_mb(process: int) -> float:
    """A process's memory, of what it shares its part; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


class Visitor:
    """One browser tab: what it shows, and what it has set."""

    def __init__(self, port: int, *, patience: float = 120.0, cookies: str = ""):
        """Connects.

        Args:
          port: the server's.
          patience: seconds after which an answer counts as an error.
          cookies: that it brings along, as `name=value; name=value`.
        """
        self.query, self.exceptions = "", []
        self.widgets, self.repeats, self.progress = {}, {}, ""
        self.alerts, self.charts = [], 0  # sentences; figures
        self.received = 0  # bytes, in all
        self._pages, self._page, self._states, self._messages = {}, "", {}, {}
        self._parts, self._part = {}, ""  # by widget, the part of the page that it reruns; that of the last change
        self._address, self._patience = f"127.0.0.1:{port}", patience
        connected = connect(
            f"ws://{self._address}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=f"http://{self._address}",
            additional_headers={"Cookie": cookies} if cookies else {},
            max_size=None,
            ping_interval=None,
            compression=None,
            proxy=None,
        )
        self._leaving = contextlib.ExitStack()
        self._socket = self._leaving.enter_context(connected)

    @property
    def pages(self) -> list[str]:
        """The paths of the app's pages, once one was opened."""
        return list(self._pages)

    def close(self) -> None:
        """Leaves."""
        self._leaving.close()

    def drop(self) -> None:
        """Is gone from one moment to the next, without a word."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)

    def upload(self, name: str, content: bytes) -> int:
        """Sends a file to the address that the server gives for it, as an uploader does; the answer's status, 0 for a reset."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append(name)
        self._socket.send(message.SerializeToString())
        answer = ForwardMsg()
        while answer.WhichOneof("type") != "file_urls_response":
            answer.ParseFromString(self._socket.recv(timeout=self._patience))
        path = answer.file_urls_response.file_urls[0].upload_url
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode()
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Origin": f"http://{self._address}"}
        body = head + content + b"\r\n--b--\r\n"
        request = urllib.request.Request(f"http://{self._address}{path}", body, headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=self._patience) as reply:
                return reply.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except (urllib.error.URLError, ConnectionError):  # refused while it was still being sent
            return 0

    def open(self, page: str, query: str = "") -> float:
        """Goes to a page by its path, "" for the first one; seconds until it stands."""
        self.query, self._states = query, {}
        message = BackMsg()
        if page in self._pages:
            message.rerun_script.page_script_hash = self._pages[page]
        else:
            message.rerun_script.page_name = page
        return self._run(message, page)

    def rerun(self, *, press: str | None = None, fragment: str | None = None) -> float:
        """Runs the page again with what is set, or the part of it that a widget belongs to; seconds until it stands.

        Args:
          press: the key of a button to press.
          fragment: runs this part of the page alone, as a part that repeats itself asks for.
        """
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id, self._part = "" if press else self._part, ""
        if fragment:
            message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = fragment, True
        if press:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = self.widgets[press][1].id, True
        return self._run(message, "")

    def change(self, key: str, choose: random.Random, *, most: int = 5) -> bool:
        """Sets a widget to a value that it has; False where there is none of that key, or none that we know to move.

        Args:
          key: the widget's.
          choose: the value.
          most: no number is larger, but for seeds.
        """
        if key not in self.widgets:
            key = next((name for name, (kind, _) in self.widgets.items() if kind == "bidi_component" and key in name), key)
        if key not in self.widgets:
            return False
        kind, widget = self.widgets[key]
        state = BackMsg().rerun_script.widget_states.widgets.add()
        state.id = widget.id
        if kind == "bidi_component" and "parameter_plane" in key:
            sent = json.loads(widget.json)[0]
            now, ((low_x, high_x), (low_y, high_y)) = sent["now"], sent["window"]
            theta = [choose.uniform(low_x, high_x), choose.uniform(low_y, high_y)]
            moved = now | {"theta": theta, "inner_lr": choose.uniform(0.05, 0.4), "number": choose.randrange(1, 10**6)}
            state.json_value = json.dumps({"now": moved})
        elif kind == "bidi_component":
            wave = {"number": choose.randrange(1, 10**6), "amplitude": choose.uniform(0.5, 5), "phase": choose.uniform(0, 3)}
            state.json_value = json.dumps({"scene": wave | {"holds": []}})
        elif kind == "slider" and widget.options:
            state.string_array_value.data.append(choose.choice(list(widget.options)[:6]))
        elif kind == "slider":
            steps = round((widget.max - widget.min) / widget.step)
            state.double_array_value.data.append(widget.min + widget.step * choose.randrange(steps + 1))
        elif kind == "number_input" and widget.step % 1:
            state.double_value = choose.uniform(widget.min, min(widget.max, widget.min + 10 * widget.step))
        elif kind == "number_input":
            low, high = max(1, int(widget.min)), int(widget.max) if widget.has_max else 8
            state.double_value = float(choose.randint(low, max(low, min(high, 2000 if key.endswith("seed") else most))))
        elif kind == "selectbox":
            state.string_value = choose.choice(list(widget.options))
        elif kind == "button_group":
            state.string_array_value.data.append(choose.choice([option.content for option in widget.options]))
        else:
            return False
        self._states[widget.id], self._part = state, self._parts.get(key, "")
        return True

    def _run(self, message: BackMsg, page: str) -> float:
        run = message.rerun_script
        run.query_string = self.query
        run.context_info.url = f"http://{self._address}/{page}"
        run.cached_message_hashes.extend(self._messages)
        run.widget_states.widgets.extend(self._states.values())
        began = time.perf_counter()
        self._socket.send(message.SerializeToString())
        while True:
            left = began + self._patience - time.perf_counter()
            answer = ForwardMsg()
            content = self._socket.recv(timeout=max(0.1, left))
            self.received += len(content)
            answer.ParseFromString(content)
            if answer.WhichOneof("type") == "ref_hash":  # a message that we said we have
                answer = self._messages[answer.ref_hash]
            elif answer.metadata.cacheable:
                self._messages[answer.hash] = answer
            if answer.WhichOneof("type") == "script_finished" and answer.script_finished in _FINISHED:
                return time.perf_counter() - began
            self._take(answer)

    def _take(self, answer: ForwardMsg) -> None:
        kind = answer.WhichOneof("type")
        if kind == "new_session":
            if not answer.metadata.run.fragment_ids:
                self.widgets, self.repeats, self.progress, self._parts = {}, {}, "", {}
                self.alerts, self.charts = [], 0
            self._page = answer.new_session.page_script_hash or self._page
        elif kind == "navigation":
            pages = answer.navigation.app_pages
            self._pages = {"" if page.is_default else page.url_pathname: page.page_script_hash for page in pages}
            self._page = answer.navigation.page_script_hash or self._page
        elif kind == "page_info_changed":
            self.query = answer.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.repeats[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            self.repeats.pop(answer.stop_auto_rerun.fragment_id, None)
        elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
            self._show(answer.delta.new_element, answer.delta.fragment_id)

    def _show(self, element, part: str) -> None:
        kind = element.WhichOneof("type")
        shown = getattr(element, kind) if kind else None
        if kind == "exception":
            self.exceptions.append(f"{shown.type}: {shown.message[:200]}")
        elif kind == "alert":
            self.alerts.append(shown.body)
            if LOST in shown.body:
                self.exceptions.append(shown.body)
        elif kind == "progress":
            self.progress = shown.text
        elif kind == "plotly_chart":
            self.charts += 1
        elif getattr(shown, "id", ""):
            named = _IDENTITY.match(shown.id)
            name = getattr(shown, "component_name", "") or (named.group(1) if named else shown.id)
            self.widgets[name], self._parts[name] = (kind, shown), part
            self.charts += "switch" in name
