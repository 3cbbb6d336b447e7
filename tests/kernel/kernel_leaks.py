"""The ways in which a notebook can lose a secret, each as the code of one cell.

Every way runs twice in one kernel: with a secret that is registered and with a control that is not. The
control must be found in the saved notebook, which proves both that the way is one and that the search
would have found the secret.

In the code, `value` is the text to lose and `variable` the environment variable that holds it; VARIABLE is
replaced by that name and LITERAL by the text as Python writes it. A line of dashes begins the next cell.
"""

from __future__ import annotations

import codecs
import os
from base64 import b16encode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PREPARATION = """
import asyncio, base64, gc, html, http.client, importlib, json, logging, os, subprocess, sys, tempfile
import threading, time, urllib.parse, warnings
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import ipywidgets, pandas, pydantic, requests
from IPython.display import HTML, JSON, SVG, Markdown, display, update_display

from xtmig_kernel.jupyter.kernel_access import kernel_redactor

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/"

def child(code):
    subprocess.run([sys.executable, "-c", f"import os, sys; value = os.environ[{variable!r}]; {code}"])
    time.sleep(0.1)

def raise_it(error):
    raise error
"""


@dataclass(frozen=True)
class Leak:
    """One way to lose a text.

    Args:
        name: What happens.
        code: The cell's source.
        registered: `"start"` if the secret is known when the kernel starts, `"late"` if the cell
            registers it, `"never"` if nobody does.
        disguise: How the text looks once lost; only for ways that are not caught.
        posix: Needs Linux or macOS.
    """

    name: str
    code: str
    registered: str = "start"
    disguise: Callable[[str], str] = str
    posix: bool = False

    @property
    def secret(self) -> str:
        return _random_text("secret", self.name)

    @property
    def control(self) -> str:
        return _random_text("control", self.name)

    def variable(self, kind: str) -> str:
        # %env hides what is called a secret, and would then prove nothing.
        return f"{'KEPT' if kind == 'secret' else 'CONTROL'}_{self.name}".upper()

    def cells(self, kind: str) -> list[str]:
        """The sources of the cells for `"secret"` or `"control"`."""
        value = self.secret if kind == "secret" else self.control
        start = f"variable = {self.variable(kind)!r}; value = os.environ[variable]\n"
        if self.registered == "late" and kind == "secret":
            start += "kernel_redactor().register(value)\n"
        code = self.code.replace("VARIABLE", self.variable(kind)).replace("LITERAL", repr(value))
        first, *rest = code.split("\n-----\n")
        # A cell magic must stand in the first line.
        return [start, first, *rest] if first.startswith("%%") else [start + first, *rest]


def _random_text(kind: str, name: str) -> str:
    """A secret as long as Entra's, with the characters that encodings alter."""
    letters = b64encode(sha256(f"{kind} {name}".encode()).digest(), altchars=b"xy").decode()
    return f"{letters[:6]}~/{letters[6:14]}+&='{letters[14:22]}_.{letters[22:30]}"


CAUGHT = (
    # what a person prints or shows
    Leak("print", "print(value)"),
    Leak("print_to_stderr", "print(value, file=sys.stderr)"),
    Leak("bare_expression", "value"),
    Leak("dataclass_repr", "@dataclass\nclass Account:\n    password: str\nAccount(value)"),
    Leak("dictionary_repr", "{'password': [value]}"),
    Leak("data_frame", "pandas.DataFrame({'password': [value]})"),
    Leak("html", "display(HTML(f'<b>{html.escape(value)}</b>'))"),
    Leak("markdown", "display(Markdown(f'**{value}**'))"),
    Leak("svg", "display(SVG(f'<svg><text>{html.escape(value)}</text></svg>'))"),
    Leak("json_display", "display(JSON({'outer': [{'inner': value}]}))"),
    Leak("dictionary_key", "display(JSON({value: 1}))"),
    Leak("display_metadata", "display('x', metadata={'text/plain': {'note': value}})"),
    Leak("updated_display", "display('x', display_id=variable); update_display(value, display_id=variable)"),
    Leak("captured_then_shown", "%%capture shown\nprint(value)\n-----\nshown.show()"),
    # what a program logs
    Leak("logging", "logging.getLogger('exchange').warning('signed in with %s', value)"),
    Leak("warning", "warnings.warn(value)"),
    Leak("kernel_log", "get_ipython().kernel.log.error('signed in with %s', value)"),
    Leak(
        "thread_exception",
        "t = threading.Thread(target=raise_it, args=[OSError(value)]); t.start(); t.join()",
    ),
    Leak(
        "task_exception",
        "async def fail():\n    raise OSError(value)\n"
        "task = asyncio.create_task(fail())\nawait asyncio.sleep(0.05)\ndel task\ngc.collect();",
    ),
    Leak(
        "unraisable_exception",
        "class Closing:\n    def __del__(self):\n        raise OSError(value)\nx = Closing()\ndel x",
    ),
    # what goes past Python's streams
    Leak("shell_command", '!echo "$VARIABLE"'),
    Leak("bash_cell", '%%bash\necho "$VARIABLE"', posix=True),
    Leak("subprocess", "child('print(value)')", posix=True),
    Leak(
        "subprocess_handed_our_stdout",
        "subprocess.run(['printenv', variable], stdout=sys.stdout)",
        posix=True,
    ),
    Leak("write_to_descriptor_1", "os.write(1, value.encode() + b'\\n'); time.sleep(0.1)", posix=True),
    Leak("write_to_descriptor_2", "os.write(2, value.encode() + b'\\n'); time.sleep(0.1)", posix=True),
    Leak("original_stdout", "sys.__stdout__.write(value); sys.__stdout__.flush(); time.sleep(0.1)", posix=True),
    Leak("environment_variable", "%env VARIABLE"),
    # exceptions
    Leak("key_error", "{}[value]"),
    Leak("exception_text", "raise OSError(f'no answer for {value}')"),
    Leak(
        "chained_exception",
        "try:\n    {}[value]\nexcept KeyError as error:\n    raise OSError('no') from error",
    ),
    Leak("exception_note", "error = OSError('no')\nerror.add_note(value)\nraise error"),
    Leak("exit_message", "sys.exit(value)"),
    Leak("failed_command", "subprocess.run([sys.executable, '-c', 'exit(3)', value], check=True)"),
    Leak("pydantic_error", "class M(pydantic.BaseModel):\n    n: int\nM(n=value)"),
    Leak(
        "source_line_in_traceback",
        "folder = tempfile.mkdtemp()\nsys.path.insert(0, folder)\n"
        "Path(folder, variable + '.py').write_text(f'raise OSError() if {value!r} else None')\n"
        "importlib.import_module(variable)",
    ),
    # HTTP
    Leak("url_in_connection_error", "requests.get('http://127.0.0.1:9/', params={'key': value})"),
    Leak(
        "url_in_status_error",
        "r = requests.Response()\nr.status_code = 401\n"
        "r.url = address + '?' + urllib.parse.urlencode({'key': value})\nr.raise_for_status()",
    ),
    Leak(
        "url_in_debug_log",
        "logging.basicConfig()\nlog = logging.getLogger('urllib3')\nlog.setLevel(logging.DEBUG)\n"
        "requests.get(address, params={'key': value})\nlog.setLevel(logging.WARNING)",
    ),
    Leak(
        "request_in_debug_print",
        "http.client.HTTPConnection.debuglevel = 1\n"
        "requests.get(address, auth=('app', value), data=value.encode())\n"
        "http.client.HTTPConnection.debuglevel = 0",
    ),
    # widgets, whose state is saved in the notebook's metadata
    Leak("password_field", "field = ipywidgets.Password(value=value)"),
    Leak("text_field", "field = ipywidgets.Text(); field.value = value; field"),
    Leak("html_widget", "ipywidgets.HTML(f'<b>{value}</b>')"),
    Leak("choice_widget", "ipywidgets.Dropdown(options=[value, 'other'])"),
    Leak("binary_widget", "picture = ipywidgets.Image(value=value.encode())"),
    # not "with out:", for then nbclient answers on the channel on which it waits, and may wait for ever (nbclient#312)
    Leak("output_widget", "out = ipywidgets.Output()\nout.append_stdout(value)\nout"),
    # in pieces
    Leak("letter_by_letter", "for letter in value:\n    print(letter, end='', flush=True)"),
    Leak(
        "letters_between_streams",
        "for x in value:\n    print(x, end='', flush=True); print('.', file=sys.stderr)",
    ),
    Leak("across_the_pipes_buffer", "child('sys.stdout.write(chr(120) * 990 + value)')", posix=True),
    Leak(
        "forked_child",
        "pid = os.fork()\nif pid == 0:\n    print(value, flush=True)\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\ntime.sleep(0.2)",
        posix=True,
    ),
    # in other clothes
    Leak("base64_1", "print(base64.b64encode(('u:' + value).encode()).decode())"),
    Leak("base64_2", "print(base64.b64encode(('us:' + value).encode()).decode())"),
    Leak("base64_3", "print(base64.urlsafe_b64encode(('use:' + value).encode()).decode())"),
    Leak("powershell_encoded_command", "print(base64.b64encode(f'X={value}'.encode('utf-16-le')).decode())"),
    Leak("json_in_json", "print(json.dumps(json.dumps({'p': value})))"),
    Leak("url_encoded", "print(urllib.parse.quote(value, safe=''))"),
    Leak("url_encoded_twice", "print(urllib.parse.quote(urllib.parse.quote(value, safe=''), safe=''))"),
    Leak("hexadecimal", "print(value.encode().hex())"),
    Leak("reversed", "print(value[::-1])"),
    Leak("colour_codes_inside", "print(value[:9] + '\\x1b[31m' + value[9:20] + '\\x1b[0m' + value[20:])"),
    # late; the listing after it, so that all it lists is known by then; last, a setting that stays
    Leak("registered_in_the_cell", "print(value)", registered="late"),
    Leak("whole_environment", "%env"),
    Leak(
        "local_variables_in_traceback",
        "get_ipython().InteractiveTB.set_mode('Verbose')\ndef sign_in(password):\n    raise OSError()\nsign_in(value)",
    ),
)


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


NOT_CAUGHT = (
    Leak("in_the_cells_source", "_ = LITERAL"),
    Leak("unregistered", "print(value)", registered="never"),
    Leak(
        "unregistered_token_in_pieces",
        "for x in 'eyJhbGciOiJub25lIn0.' + base64.b16encode(value.encode()).decode() + '.c2lnbmF0dXJl':\n"
        "    print(x, end='', flush=True)",
        registered="never",
        disguise=lambda text: b16encode(text.encode()).decode(),
    ),
    Leak("spaced_out", "print(' '.join(value))", disguise=" ".join),
    Leak(
        "rot13",
        "import codecs; print(codecs.encode(value, 'rot13'))",
        disguise=lambda text: codecs.encode(text, "rot13"),
    ),
    Leak("half_of_it", "print(value[: len(value) // 2])", disguise=lambda text: _halves(text)[0]),
    Leak(
        "second_half_in_the_next_cell",
        "print(value[: len(value) // 2], end='')\n-----\nprint(value[len(value) // 2 :])",
        disguise=lambda text: _halves(text)[1],
    ),
    Leak(
        "second_half_on_stderr",
        "print(value[: len(value) // 2], end='')\nprint(value[len(value) // 2 :], file=sys.stderr)",
        disguise=lambda text: _halves(text)[1],
    ),
    Leak(
        "forked_child_in_pieces",
        "pid = os.fork()\nif pid == 0:\n    for letter in value:\n        print(letter, end='', flush=True)\n"
        "    os._exit(0)\nos.waitpid(pid, 0)\ntime.sleep(0.2)",
        posix=True,
    ),
)

HERE = tuple(leak for leak in (*CAUGHT, *NOT_CAUGHT) if os.name == "posix" or not leak.posix)
"""The ways that exist on this system."""
