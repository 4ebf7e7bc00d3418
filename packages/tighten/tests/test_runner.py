"""Real processes: how they start, what they cost, how they end, and that nothing stays behind."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tighten.errors import FailureKind, StateError, StudyError, TrialError
from tighten.runner import (
    Command,
    Completed,
    Conditions,
    Fake,
    InProcess,
    MeasuringLock,
    Places,
    Subprocess,
    launch,
    shell_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "tree").mkdir()
    (tmp_path / "artifacts").mkdir()
    return Places(
        trial=tmp_path / "tree",
        artifacts=tmp_path / "artifacts",
        result=tmp_path / "result.json",
        python=sys.executable,
        cpus=2,
    )


def run(
    template: str,
    places: Places,
    *,
    timeout: float = 20.0,
    conditions: Conditions | None = None,
    kind: FailureKind = FailureKind.CRASH,
    **command: object,
) -> Completed:
    return Subprocess(conditions).run(
        Command(template=template, timeout=timeout, **command),  # type: ignore[arg-type]  # by name
        places,
        log=places.result.with_name("log"),
        kind_on_failure=kind,
    )


def python(code: str) -> str:
    return f"{{python}} -c {shlex.quote(code)}"


def script(places: Places, code: str) -> str:
    (places.trial / "script.py").write_text(textwrap.dedent(code), encoding="utf-8")
    return "{python} script.py"


@contextmanager
def no_process_left(marker: str) -> Iterator[None]:
    """Fail if a process with ``marker`` on its command line is alive after the block."""
    yield
    time.sleep(0.05)
    left = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if marker in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            left.append(process)
    assert not left


class TestPlaceholders:
    def test_values_are_quoted_for_the_place_where_they_stand(self, places: Places) -> None:
        odd = Places(
            trial=places.trial,
            artifacts=Path('/it\'s a "$HOME" `x` \\ place'),
            result=places.result,
            python=sys.executable,
            cpus=2,
        )
        template = "printf '%s\\n' {artifacts} \"{artifacts}\" '{artifacts}' x{artifacts}y"
        tail = run(template, odd).tail
        plain = str(odd.artifacts)
        assert tail.splitlines() == [plain, plain, plain, f"x{plain}y"]

    def test_shell_braces_are_left_alone(self, places: Places) -> None:
        template = "A=7; echo ${A} {{cpus}} {cpus}; echo 1 2 | awk '{ print $2 }'"
        assert run(template, places).tail.splitlines() == ["7 {cpus} 2", "2"]

    def test_unknown_placeholder_names_the_allowed_ones(self, places: Places) -> None:
        with pytest.raises(StudyError, match=r"\{treee\}.*\{trial\}, \{artifacts\}.*\{\{treee\}\}"):
            run("cd {treee}", places)

    def test_arguments_go_to_their_place_or_to_the_end(self, places: Places) -> None:
        words = ("--jobs", "two words")
        asked = Places(
            trial=places.trial,
            artifacts=places.artifacts,
            result=places.result,
            python="py",
            cpus=1,
            arguments=words,
        )
        assert shell_line("run {arguments} --last", asked) == "run --jobs 'two words' --last"
        assert shell_line("run --last", asked) == "run --last --jobs 'two words'"
        assert shell_line("run {arguments} --last", places) == "run  --last"

    def test_variables_of_the_command_are_filled_without_a_shell(self, places: Places) -> None:
        done = run('echo "$WHERE"', places, env={"WHERE": "{trial}:$HOME:{{cpus}}"})
        assert done.tail == f"{places.trial}:$HOME:{{cpus}}"


class TestCost:
    def test_cpu_time_covers_children(self, places: Places) -> None:
        burn = "import time; e = time.process_time() + 0.2\nwhile time.process_time() < e: pass"
        done = run(f"true; {python(burn)}; true", places)
        assert done.cpu >= 0.2
        assert done.wall >= 0.2
        assert done.load >= 0

    def test_sleeping_costs_no_cpu(self, places: Places) -> None:
        done = run("sleep 0.3", places)
        assert done.wall >= 0.3
        assert done.cpu < 0.1


class TestFailure:
    @pytest.mark.parametrize(
        ("template", "message"),
        [
            ("echo so; exit 3", "ended with exit status 3"),
            ("kill -SEGV $$", "was killed by SIGSEGV"),
            ("sh -c 'kill -ABRT $$'; exit $?", "exit status 134 .*killed by SIGABRT"),
            ("kill -KILL $$", r"was killed by SIGKILL \(out of memory\?\)"),
            ("no-such-program-anywhere", r"exit status 127 \(command not found\)"),
            ("./data", r"exit status 126 \(command not executable\)"),
        ],
    )
    def test_every_bad_end_is_an_error_that_says_how(
        self, places: Places, template: str, message: str
    ) -> None:
        (places.trial / "data").write_text("x", encoding="ascii")
        with pytest.raises(TrialError, match=message) as caught:
            run(template, places)
        assert caught.value.kind is FailureKind.CRASH
        assert caught.value.log == places.result.with_name("log")

    def test_a_real_segmentation_fault(self, places: Places) -> None:
        (places.trial / "crash.c").write_text(
            "int main(void) { volatile int *p = 0; return *p; }", encoding="ascii"
        )
        run("cc -O1 -o crash crash.c", places)
        with pytest.raises(TrialError, match="was killed by SIGSEGV"):
            run("exec ./crash", places)

    def test_kind_and_tail_come_with_the_error(self, places: Places) -> None:
        with pytest.raises(TrialError, match="the build ended") as caught:
            run("seq 1 100; echo no such file >&2; exit 1", places, kind=FailureKind.BUILD)
        assert caught.value.kind is FailureKind.BUILD
        assert caught.value.tail.splitlines()[-2:] == ["100", "no such file"]
        assert caught.value.log is not None
        assert caught.value.log.read_text(encoding="ascii").startswith("1\n2\n")

    def test_missing_working_directory(self, places: Places) -> None:
        with pytest.raises(StudyError, match="nowhere"):
            run("true", places, cwd="nowhere")


class TestEnding:
    def test_hang_with_a_grandchild(self, places: Places) -> None:
        with no_process_left("61.5"), pytest.raises(TrialError, match=r"within 1\.5 s") as caught:
            run("echo begun; sh -c 'sleep 61.5 & wait' & wait", places, timeout=1.5)
        assert caught.value.kind is FailureKind.TIMEOUT
        assert caught.value.tail == "begun"

    @pytest.mark.parametrize(
        "escape",
        [
            "setsid sleep 62.5 & sleep 60",
            "(setsid sleep 62.5 &) & wait; sleep 60",  # orphaned, in its own session
            "setsid env -i sleep 62.5 & sleep 60",  # its parent lives, its mark is gone
            "trap '' TERM; setsid sh -c 'sleep 62.5; true' & sleep 62.5; sleep 62.5",
            "setsid sleep 62.5 & kill -STOP $!; sleep 60",
        ],
    )
    def test_escaped_descendants_are_ended_too(self, places: Places, escape: str) -> None:
        with no_process_left("62.5"), pytest.raises(TrialError) as caught:
            run(escape, places, timeout=0.4)
        assert caught.value.kind is FailureKind.TIMEOUT

    def test_a_double_forked_daemon_of_a_failed_run_is_ended(self, places: Places) -> None:
        code = """
            import os, sys
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execvp("sleep", ["sleep", "63.5"])
                os._exit(0)
            os.wait()
            import time; time.sleep(60)
        """
        with no_process_left("63.5"), pytest.raises(TrialError):
            run(script(places, code), places, timeout=0.5)

    def test_what_a_good_run_leaves_in_its_group_is_ended(self, places: Places) -> None:
        with no_process_left("64.5"):
            started = time.monotonic()
            run("sleep 64.5 & echo done", places)
        assert time.monotonic() - started < 60

    def test_other_processes_are_never_touched(self, places: Places) -> None:
        with subprocess.Popen(["sleep", "65.5"]) as bystander:
            with pytest.raises(TrialError):
                run("sleep 60", places, timeout=0.2)
            assert bystander.poll() is None
            bystander.kill()

    def test_interrupt_ends_the_group_and_propagates(self, places: Places) -> None:
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with no_process_left("66.5"), pytest.raises(KeyboardInterrupt):
            run("setsid sleep 66.5 & sleep 66.5", places)
        timer.join()

    def test_no_zombies_and_no_descriptors_are_left(self, places: Places) -> None:
        run("true", places)
        before = len(list(Path("/proc/self/fd").iterdir()))
        others = set(psutil.Process().children())
        for _ in range(5):
            run("sleep 64.5 & true", places)
            with pytest.raises(TrialError):
                run("exit 1", places)
            with pytest.raises(TrialError):
                run("sleep 60 & sleep 60", places, timeout=0.05)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert set(psutil.Process().children()) <= others


class TestOutput:
    def test_flood_is_bounded_and_keeps_both_ends(self, places: Places) -> None:
        limited = Conditions(log_limit=100_000)
        done = run("echo first; yes | head -c 5000000; echo last", places, conditions=limited)
        text = done.log.read_text(encoding="ascii")
        assert len(text) < 250_000
        assert text.startswith("first\n")
        assert text.endswith("last\n")
        assert "bytes of output left out" in text
        assert done.tail.endswith("last")

    def test_short_output_is_kept_whole(self, places: Places) -> None:
        done = run("seq 1 20000; seq 1 10 >&2", places)
        assert done.log.read_text(encoding="ascii").split() == [
            *(str(number) for number in range(1, 20001)),
            *(str(number) for number in range(1, 11)),
        ]

    def test_bytes_that_are_no_text(self, places: Places) -> None:
        assert run("printf '\\377\\376ok'", places).tail.endswith("ok")

    def test_closing_the_output_does_not_make_us_spin(self, places: Places) -> None:
        before = time.process_time()
        run("exec >&- 2>&-; sleep 0.5", places)
        assert time.process_time() - before < 0.3

    def test_log_that_cannot_be_written(self, places: Places) -> None:
        places.result.with_name("log").mkdir()
        with pytest.raises(StateError, match="cannot write the log"):
            run("true", places)


class TestConditions:
    def test_environment_is_scrubbed(self, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PYTHONPATH", "CARGO_TARGET_DIR", "MAKEFLAGS", "PYTHONDEVMODE"):
            monkeypatch.setenv(name, "leak")
        monkeypatch.setenv("ORDINARY", "kept")
        show = 'echo "$PYTHONPATH|$CARGO_TARGET_DIR|$MAKEFLAGS|$PYTHONDEVMODE|$ORDINARY"'
        assert run(show, places).tail == "||||kept"
        keeping = Conditions(keep=frozenset({"PYTHONPATH"}))
        assert run(show, places, conditions=keeping).tail == "leak||||kept"

    def test_a_configuration_has_its_own_cache_of_numba(
        self, places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", "shared")
        show = 'echo "$NUMBA_CACHE_DIR"'
        assert run(show, places).tail == ""
        own = replace(places, caches=tmp_path / "own")
        assert run(show, own).tail == str(tmp_path / "own" / "numba")
        assert run(show, own, env={"NUMBA_CACHE_DIR": "asked"}).tail == "asked"
        keeping = Conditions(keep=frozenset({"NUMBA_CACHE_DIR"}))
        assert run(show, own, conditions=keeping).tail == "shared"

    def test_hash_seed_threads_and_precedence(self, places: Places) -> None:
        asked = Conditions(threads=3, hash_seed=5, environment={"A": "conditions", "B": "c"})
        trial = Places(
            trial=places.trial,
            artifacts=places.artifacts,
            result=places.result,
            python=places.python,
            cpus=2,
            environment={"A": "parameter"},
        )
        show = 'echo "$PYTHONHASHSEED $OMP_NUM_THREADS $RAYON_NUM_THREADS $A $B"'
        done = run(show, trial, conditions=asked, env={"A": "command", "B": "command"})
        assert done.tail == "5 3 3 parameter command"
        assert run('echo "$PYTHONHASHSEED"', places).tail == "0"

    def test_pin_and_nice(self, places: Places) -> None:
        cpu = min(os.sched_getaffinity(0))
        before = os.sched_getaffinity(0)
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        asked = Conditions(pin=(cpu,), nice=niceness + 3)
        show = python("import os; print(os.sched_getaffinity(0), os.getpriority(0, 0))")
        assert (
            run(f"sleep 0.1; {show}", places, conditions=asked).tail == f"{{{cpu}}} {niceness + 3}"
        )
        assert os.sched_getaffinity(0) == before

    def test_impossible_conditions_are_refused(self) -> None:
        with pytest.raises(StudyError, match=r"\[4095\]"):
            Subprocess(Conditions(pin=(4095,)))
        with pytest.raises(StudyError, match="niceness 40"):
            Subprocess(Conditions(nice=40))


GOOD = '{"schema": "tighten-result-1", "cases": {"one": {"time": [0.25, 0.5]}}}'


class TestLaunch:
    def launched(self, template: str, places: Places) -> dict[str, object]:
        log = places.result.with_name("log")
        command = Command(template=template, timeout=20)
        return dict(launch(Subprocess(), command, places, format="tighten", log=log).result)

    def test_reads_what_the_launch_wrote(self, places: Places) -> None:
        result = self.launched(f"echo '{GOOD}' > {{result}}", places)
        assert set(result) == {"one"}

    def test_stale_result_is_never_read(self, places: Places) -> None:
        places.result.write_text(GOOD, encoding="ascii")
        with pytest.raises(TrialError, match="wrote no result") as caught:
            self.launched("true", places)
        assert caught.value.kind is FailureKind.RESULT

    def test_copy_of_an_old_result_is_refused(self, places: Places) -> None:
        old = places.trial / "old.json"
        old.write_text(GOOD, encoding="ascii")
        os.utime(old, (1e9, 1e9))
        with pytest.raises(TrialError, match="older than this launch") as caught:
            self.launched("false; cp -p old.json {result}", places)
        assert caught.value.kind is FailureKind.RESULT

    def test_exit_status_counts_even_with_a_result(self, places: Places) -> None:
        with pytest.raises(TrialError, match="exit status 7"):
            self.launched(f"echo '{GOOD}' > {{result}}; exit 7", places)

    def test_wrong_json_comes_with_the_log(self, places: Places) -> None:
        with pytest.raises(TrialError) as caught:
            self.launched("echo said; echo '{ \"cases\": [' > {result}", places)
        assert caught.value.kind is FailureKind.RESULT
        assert caught.value.tail == "said"

    def test_directories_left_as_result_are_cleared(self, places: Places) -> None:
        (places.result / "x").mkdir(parents=True)
        assert self.launched(f"echo '{GOOD}' > {{result}}", places)


class TestInProcess:
    def launched(self, places: Places, timeout: float = 10.0) -> float:
        log = places.result.with_name("log")
        command = Command(template="bench_module:measure", timeout=timeout)
        done = launch(InProcess(), command, places, format="tighten", log=log)
        return done.result["one"]["time"].values[0]

    def write(self, places: Places, body: str) -> None:
        (places.trial / "bench_module.py").write_text(
            f"import os\ndef measure(places):\n    {body}\n", encoding="ascii"
        )

    def test_source_is_imported_afresh_and_environment_shown(self, places: Places) -> None:
        self.write(places, "return {'one': {'time': [0.5]}}")
        assert self.launched(places) == 0.5
        trial = Places(
            trial=places.trial,
            artifacts=places.artifacts,
            result=places.result,
            python=places.python,
            cpus=2,
            environment={"LEVEL": "0.0625"},
        )
        self.write(places, "return {'one': {'time': [float(os.environ['LEVEL'])]}}  # longer")
        assert self.launched(trial) == 0.0625
        assert "LEVEL" not in os.environ
        assert "bench_module" not in sys.modules

    def test_exception_is_a_failure_of_the_trial(self, places: Places) -> None:
        self.write(places, "print('said'); return 1 / 0")
        with pytest.raises(TrialError, match="ZeroDivisionError") as caught:
            self.launched(places)
        assert caught.value.kind is FailureKind.CRASH
        assert "said" in places.result.with_name("log").read_text(encoding="utf-8")

    def test_endless_function(self, places: Places) -> None:
        self.write(places, "\n    while True: pass")
        with pytest.raises(TrialError) as caught:
            self.launched(places, timeout=0.2)
        assert caught.value.kind is FailureKind.TIMEOUT

    def test_conditions_that_need_a_process_are_refused(self) -> None:
        with pytest.raises(StudyError, match="use a command"):
            InProcess(Conditions(nice=5))


def test_fake_answers_and_remembers(places: Places) -> None:
    fake = Fake(lambda at: {"one": {"time": [float(at.environment["T"])]}}, wall=2.0)
    trial = Places(
        trial=places.trial,
        artifacts=places.artifacts,
        result=places.result,
        python="py",
        cpus=1,
        environment={"T": "4.0"},
    )
    done = launch(
        fake, Command(template="x", timeout=1), trial, format="tighten", log=places.trial / "log"
    )
    assert done.result["one"]["time"].values == (4.0,)
    assert done.wall == 2.0
    assert fake.calls == [(Command(template="x", timeout=1), trial)]
    assert json.loads(places.result.read_text(encoding="utf-8"))["schema"] == "tighten-result-1"


class TestMeasuringLock:
    def test_waits_for_another_process_and_says_how_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "lock"
        code = (
            "import sys; from pathlib import Path; from tighten.runner import MeasuringLock\n"
            "with MeasuringLock(Path(sys.argv[1])):\n"
            "    print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdin is not None
            assert other.stdout.readline() == b"held\n"
            let_go, flock = other.stdin.close, fcntl.flock

            def patient(descriptor: int, operation: int) -> None:
                if not operation & fcntl.LOCK_NB:
                    let_go()
                flock(descriptor, operation)

            monkeypatch.setattr(fcntl, "flock", patient)
            with MeasuringLock(path) as lock:
                assert lock.waited > 0.0
            with lock:
                assert lock.waited == 0.0

    def test_dies_with_its_process(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        code = (
            "import sys, os; from pathlib import Path; from tighten.runner import MeasuringLock\n"
            "MeasuringLock(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", code, str(path)], check=False)
        with MeasuringLock(path) as lock:
            assert lock.waited == 0.0

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StateError, match="measuring lock"), MeasuringLock(tmp_path / "lock"):
            pass
        assert not (tmp_path / "elsewhere").exists()
