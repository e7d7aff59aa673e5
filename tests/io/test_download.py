"""Downloads: whole and checked or not there, and resumed where they were interrupted."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from maml_engine.io import download
from maml_engine.io.download import NotAvailable

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `CONTENT`; `cut` says after how many bytes each answer breaks off, `asked` where each began."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cut, self.asked, self.ranges = [], [], True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file.zip"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/file.zip":
            self.send_error(404)
            return
        begin = 0
        if self.server.ranges and (wanted := self.headers.get("Range")):
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.server.asked.append(begin)
        if begin >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        until = begin + self.server.cut.pop(0) if self.server.cut else len(CONTENT)
        self.wfile.write(CONTENT[begin:until])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_file_is_brought_once(server, tmp_path):
    path = tmp_path / "data" / "file.zip"
    for _ in range(2):
        download.download(server.url, path, md5=MD5)
    assert path.read_bytes() == CONTENT
    assert server.asked == [0]
    assert [file.name for file in path.parent.iterdir()] == ["file.zip"]


def test_a_broken_connection_goes_on_where_it_broke(server, tmp_path):
    server.cut = [300_000, 200_000]
    download.download(server.url, tmp_path / "file.zip", md5=MD5)
    assert (tmp_path / "file.zip").read_bytes() == CONTENT
    assert server.asked == [0, 300_000, 500_000]


def test_another_call_goes_on_where_an_interrupted_one_stopped(server, tmp_path):
    server.cut = [1000, 2000, 3000]
    with pytest.raises(NotAvailable, match=r"the connection ended early\); 6,000 bytes are here, and another try goes on"):
        download.download(server.url, tmp_path / "file.zip", md5=MD5)
    assert not (tmp_path / "file.zip").exists()
    download.download(server.url, tmp_path / "file.zip", md5=MD5)
    assert server.asked == [0, 1000, 3000, 6000]
    assert (tmp_path / "file.zip").read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_begins_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "file.zip.part").write_bytes(CONTENT[:5000])
    download.download(server.url, tmp_path / "file.zip", md5=MD5)
    assert (tmp_path / "file.zip").read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken_and_a_wrong_one_is_thrown_away(server, tmp_path):
    (tmp_path / "file.zip.part").write_bytes(CONTENT)
    download.download(server.url, tmp_path / "file.zip", md5=MD5)
    assert (tmp_path / "file.zip").read_bytes() == CONTENT
    (tmp_path / "other.zip.part").write_bytes(b"?" * len(CONTENT))
    with pytest.raises(NotAvailable, match="is not the file that it must be"):
        download.download(server.url, tmp_path / "other.zip", md5=MD5)
    assert not (tmp_path / "other.zip.part").exists()
    download.download(server.url, tmp_path / "other.zip", md5=MD5)
    assert (tmp_path / "other.zip").read_bytes() == CONTENT


def test_what_cannot_be_had_is_one_sentence(server, tmp_path):
    with pytest.raises(NotAvailable, match=r"could not be read \(the server says 404\)\.$"):
        download.download(server.url + "x", tmp_path / "file.zip", md5=MD5)
    with pytest.raises(NotAvailable, match=r"could not be read \(Connection refused\)\.$"):
        download.download("http://127.0.0.1:1/file.zip", tmp_path / "file.zip", md5=MD5)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(NotAvailable, match="could not be read"):
        download.download(server.url, tmp_path / "taken" / "file.zip", md5=MD5)
