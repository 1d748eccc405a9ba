"""A server's life with real processes: healthy, dead at once, fatal, silent, in the way of another, kept up."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from fake_vllm import launching

from harness.engines.vllm import server as server_module
from harness.engines.vllm import serving as serving_module
from harness.engines.vllm.launch import Launch
from harness.engines.vllm.registry import running
from harness.engines.vllm.server import Address, Server, free_port
from harness.engines.vllm.serving import keep_up
from harness.errors import EngineDownError, ServerError, UsageError

T = TypeVar("T")
HEALTHY = "log('Loading weights'); log(f'my key is {key}'); serve()"


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(server_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(server_module, "FATAL_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(serving_module, "LOOK_SECONDS", 0.02)


def telling(folder: Path, body: str) -> str:
    """``body`` after the process has written its id to a file."""
    return f"open({str(folder)!r} + '/pid', 'w').write(str(os.getpid()))\n{body}"


def logs(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").rglob("*.log"))


def living(launch: Launch, work: Callable[[Server, Address], Awaitable[T]], say: list[str] | None = None) -> T:
    """What ``work`` says of a server that was started; it is stopped on every way out."""

    async def session() -> T:
        server = Server(launch, (say if say is not None else []).append)
        try:
            return await work(server, await asyncio.wait_for(server.start(), 30))
        finally:
            await server.stop()

    return asyncio.run(session())


def failing(launch: Launch) -> ServerError:
    with pytest.raises(ServerError) as caught:
        living(launch, lambda server, address: asyncio.sleep(0))
    return caught.value


def test_a_healthy_server_answers_with_its_key_and_is_gone_afterwards(tmp_path: Path) -> None:
    async def work(server: Server, address: Address) -> tuple[Address, int]:
        assert server.alive()
        assert server.models == address.models() == [{"id": "tiny", "max_model_len": 64}]
        assert Address(address.url, "another key").models() == []
        assert server.log.is_file()
        return address, int((tmp_path / "pid").read_text())

    address, pid = living(launching(tmp_path, telling(tmp_path, HEALTHY)), work)
    assert address.url.startswith("http://127.0.0.1:")
    assert len(address.key) > 30
    assert not Path(f"/proc/{pid}").exists()
    assert address.models() == []
    assert logs(tmp_path) == [], "what a healthy server said is of no use"


def test_two_servers_at_once_have_ports_and_keys_of_their_own(tmp_path: Path) -> None:
    launch = launching(tmp_path, HEALTHY)

    async def work(server: Server, address: Address) -> None:
        other = Server(launch, print)
        try:
            second = await other.start()
            assert second.url != address.url
            assert second.key != address.key
            assert Address(second.url, address.key).models() == []
        finally:
            await other.stop()
        assert server.alive()

    living(launch, work)


def test_the_key_is_on_no_command_line_and_in_no_text(tmp_path: Path) -> None:
    async def work(server: Server, address: Address) -> None:
        assert server._keeper
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.exists()]
        assert not any(address.key.encode() in command for command in commands)
        assert address.key in server.log.read_text(), "a server may print it"
        assert address.key not in "\n".join(server._lines())
        assert "my key is [key]" in "\n".join(server._lines())
        assert address.key not in repr((address, server.launch))

    living(launching(tmp_path, HEALTHY), work)


def test_a_server_that_dies_at_once_says_why(tmp_path: Path) -> None:
    error = failing(
        launching(
            tmp_path,
            "log(f'starting with {key}', 'ERROR')\n"
            "log('torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.17 GiB', 'ERROR')\n"
            "sys.exit(f'stopped; the key was {key}')",
        )
    )
    assert error.message == "the vLLM server ended: it ran out of memory"
    assert "--tensor-parallel" in error.mend
    assert error.exit_code == 3
    assert error.log == (
        "starting with [key]",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.17 GiB",
        "stopped; the key was [key]",
    )
    kept = logs(tmp_path)
    assert len(kept) == 1, "the whole log of one that failed is kept"
    assert str(kept[0]) in error.mend


def test_a_server_that_cannot_be_started_at_all_is_no_bug(tmp_path: Path) -> None:
    launch = launching(tmp_path, "")
    (tmp_path / "bin/vllm").write_text("#!/no/such/interpreter\n")
    assert failing(launch).message.startswith("the vLLM server ended: ")


def test_a_server_that_says_it_cannot_go_on_is_not_waited_for(tmp_path: Path) -> None:
    error = failing(
        launching(
            tmp_path,
            "log(\"ValueError: Model architectures ['New'] are not supported for now.\", 'ERROR')\n"
            "log('RuntimeError: Engine core initialization failed. See root cause above.', 'ERROR')\n"
            "time.sleep(600)",
        )
    )
    assert error.message == "the vLLM server cannot go on: this vLLM does not know the model's architecture"
    assert any("Engine core initialization failed" in line for line in error.log)


def test_a_server_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    error = failing(launching(tmp_path, "log('loading')\ntime.sleep(600)", silence_seconds=0.5))
    assert error.message.startswith("the vLLM server has said nothing for ")


def test_silence_counts_and_not_time(tmp_path: Path) -> None:
    slow = "for step in range(20):\n    log(f'Loading {step}')\n    time.sleep(0.1)\nserve()"

    async def work(server: Server, address: Address) -> None:
        assert server.alive()

    living(launching(tmp_path, slow, silence_seconds=1.5), work)


def test_a_line_of_progress_tells_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LINE_SECONDS", 0.1)
    said: list[str] = []
    slow = "log('Loading weights 3 of 9')\ntime.sleep(0.6)\nserve()"
    living(launching(tmp_path, slow), lambda server, address: asyncio.sleep(0), said)
    assert said
    assert said[-1].startswith("vLLM is starting (")
    assert said[-1].endswith("s): Loading weights 3 of 9")


def test_a_port_that_is_taken_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: Address already in use"):
            living(launching(tmp_path, HEALTHY, port=port), lambda server, address: asyncio.sleep(0))
    assert logs(tmp_path) == []
    assert free_port(port) == port


def test_a_port_that_is_taken_in_between_is_changed_for_another(tmp_path: Path) -> None:
    once = (
        f"if not os.path.exists({str(tmp_path)!r} + '/once'):\n"
        f"    open({str(tmp_path)!r} + '/once', 'w').write(str(port))\n"
        "    log('OSError: [Errno 98] Address already in use', 'ERROR')\n"
        "    sys.exit(1)\n"
    )

    async def work(server: Server, address: Address) -> str:
        return address.url

    living(launching(tmp_path, once + HEALTHY), work)
    assert (tmp_path / "once").exists()
    error = failing(launching(tmp_path, "log('OSError: [Errno 98] Address already in use', 'ERROR')\nsys.exit(1)"))
    assert error.message == "the vLLM server ended: its port is taken"


def test_a_start_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    body = telling(tmp_path, "time.sleep(600)")

    async def work() -> None:
        server = Server(launching(tmp_path, body), print)
        starting = asyncio.create_task(server.start())
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.02)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not server.alive()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_server_that_is_kept_up_is_found_until_it_is_cancelled(tmp_path: Path) -> None:
    launch = launching(tmp_path, HEALTHY)

    async def work() -> None:
        said: list[str] = []
        up: list[str] = []
        keeping = asyncio.create_task(keep_up(launch, said.append, up.append))
        while not said:
            await asyncio.sleep(0.02)
        address = await asyncio.to_thread(running, launch)
        assert address is not None
        assert address.url in said[0]
        assert up == [address.url]
        assert address.key not in said[0]
        with pytest.raises(UsageError, match="runs already at"):
            await keep_up(launch, said.append, up.append)
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        assert address.models() == []
        assert running(launch) is None

    asyncio.run(asyncio.wait_for(work(), 30))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_server_that_is_kept_up_and_ends_by_itself_is_said_so(tmp_path: Path) -> None:
    launch = launching(tmp_path, telling(tmp_path, HEALTHY))

    async def work() -> None:
        said: list[str] = []
        up: list[str] = []
        keeping = asyncio.create_task(keep_up(launch, said.append, up.append))
        while not said:
            await asyncio.sleep(0.02)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        with pytest.raises(EngineDownError, match="ended by itself"):
            await keeping
        assert running(launch) is None

    asyncio.run(asyncio.wait_for(work(), 30))
