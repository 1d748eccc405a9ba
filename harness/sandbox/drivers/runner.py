"""Runs inside the sandbox: puts files into its folder, then runs a command there. For languages other than Python.

Stands alone (standard library only). A job is a JSON object with ``run``: {files {name: base64}, command [argument],
mode, collect [pattern]}. In the command ``{report}`` stands for the report's descriptor. Modes:

``become``: the process becomes the command, which reports by itself; standard input is the file ``stdin`` if there is
one. ``script``: the command is run to its end; reported is {"stdout", "status"}. ``compile``: likewise, and on success
each file that matches a pattern is reported as {"artifact": {name: base64}}, otherwise {"refused": output}.
``lines``: each of the job's steps is one run of the command, with the step's text as its last argument, and what it
prints, without the last line's end, is its value.
"""

import base64
import glob
import json
import os
import signal
import subprocess
import sys

MOST_OUTPUT = 1 << 20


def end_like(status: int) -> None:
    """Ends this process by the signal that ended its child, if one did: a limit that was reached, for one."""
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)


def main(job: dict, report_to: int) -> None:  # type: ignore[type-arg]
    """Does what ``job`` says."""
    run = job["run"]

    def report(**event: object) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(report_to, data) :]

    for name, content in run["files"].items():
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))
        os.chmod(name, 0o755)
    command = [part.replace("{report}", str(report_to)) for part in run["command"]]
    stdin = os.open("stdin" if "stdin" in run["files"] else os.devnull, os.O_RDONLY)
    if run["mode"] == "become":
        os.dup2(stdin, 0)
        os.set_inheritable(report_to, True)
        os.execvp(command[0], command)
    if run["mode"] == "lines":
        report(loaded=True)
        for number, step in enumerate(job["steps"]):
            done = subprocess.run([*command, step["plain"]], stdin=stdin, stdout=subprocess.PIPE)
            end_like(done.returncode)
            if done.returncode:
                report(step=number, raised=f"exit status {done.returncode}", message="")
            else:
                report(step=number, value=done.stdout[:MOST_OUTPUT].decode("utf-8", "replace").removesuffix("\n"))
        return
    errors = subprocess.STDOUT if run["mode"] == "compile" else None
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors)
    assert process.stdout is not None
    said = process.stdout.read(MOST_OUTPUT)
    while process.stdout.read(MOST_OUTPUT):
        pass
    status = process.wait()
    if run["mode"] == "compile":
        end_like(status)
    text = said.decode("utf-8", "replace")
    if run["mode"] == "script":
        report(stdout=text, status=status if status >= 0 else 128 - status)
    elif status:
        report(refused=text[:4000], status=status)
    else:
        for pattern in run["collect"]:
            for name in glob.glob(pattern):
                with open(name, "rb") as made:
                    report(artifact={name: base64.b64encode(made.read()).decode()})
        report(compiled=True)
    sys.stdout.flush()
