"""Run the Rust tests of quantforge on an emulated processor with AVX-512, for machines without.

Bochs (https://bochs.sourceforge.io) emulates a processor instruction by instruction. It boots a
Linux kernel that has nothing but the compiled tests to run; what they print comes over a serial
line. This says whether results are right and nothing about speed. It takes about two minutes.

    python packages/quantforge/tools/emulate.py
    python packages/quantforge/tools/emulate.py --kernel FILE   # a kernel that is not in /boot
"""

import argparse
import contextlib
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# What Debian and Ubuntu call that which is needed.
PACKAGES = "bochs genisoimage isolinux syslinux-common busybox-static linux-image-cloud-amd64"
TOOLS = ("bochs", "genisoimage", "busybox", "ldd", "cargo")
LOADER = Path("/usr/lib/ISOLINUX/isolinux.bin")
LOADER_MODULE = Path("/usr/lib/syslinux/modules/bios/ldlinux.c32")
FIRMWARE = Path("/usr/share/bochs")
TIMEOUT = 1800  # a hang of the guest, not a limit of speed [s]

# Bochs lays out the saved state of newer features otherwise than Linux expects, which would then
# switch all vectors off.
HIDDEN = "pku,mpx,xsaves,xsavec,xgetbv1"

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox grep -m1 flags /proc/cpuinfo
for test in /tests/*; do
  echo "== ${test##*/}"
  PROPTEST_CASES=16 LD_LIBRARY_PATH=/lib $test --test-threads 1
  echo "== ${test##*/} exit $?"
done
echo "== end"
/bin/busybox sleep 3
/bin/busybox poweroff -f
"""

MENU = f"""default tests
prompt 0
label tests
 kernel /vmlinuz
 append initrd=/initrd.gz console=ttyS0 quiet tsc=reliable mitigations=off clearcpuid={HIDDEN}
"""

MACHINE = """cpu: model=corei7_skylake_x, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=768, host=768
romimage: file={firmware}/BIOS-bochs-latest
vgaromimage: file={firmware}/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial.txt
display_library: rfb, options="timeout=0"
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
clock: sync=none
log: bochs.log
panic: action=fatal
"""


def compiled_tests() -> list[Path]:
    """Compile the tests of the core and return their programs."""
    command = ["cargo", "test", "--release", "--locked", "--no-run", "-p", "quantforge-core"]
    command += ["--message-format", "json"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in found.stdout.splitlines()]
    programs = [message.get("executable") for message in messages]
    return [Path(program) for program in programs if program]


def libraries(programs: list[Path]) -> set[Path]:
    """Return the shared libraries that `programs` load, the loader included."""
    found: set[Path] = set()
    for program in programs:
        listed = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE, text=True)
        found |= {Path(path) for path in re.findall(r"(/\S+) \(0x", listed.stdout)}
    return found


def pack(folder: Path, kernel: Path, programs: list[Path]) -> None:
    """Write boot.iso: a loader, the kernel, and a root file system with nothing but the tests."""
    root, disc = folder / "root", folder / "disc"
    for name in ("bin", "lib", "tests"):
        (root / name).mkdir(parents=True)
    (disc / "isolinux").mkdir(parents=True)
    busybox = shutil.which("busybox") or "busybox"
    shutil.copy(busybox, root / "bin/busybox")
    for library in libraries(programs):
        is_loader = library.name.startswith("ld-")  # programs name its whole path
        target = root / (library.parent.relative_to("/") if is_loader else "lib")
        target.mkdir(exist_ok=True)
        shutil.copy(library, target)
    for program in programs:
        name = program.name.rpartition("-")[0]
        subprocess.run(["strip", "-o", root / "tests" / name, program], check=True)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)

    names = [str(path.relative_to(root)) for path in sorted(root.rglob("*"))]
    archive = subprocess.run(
        [busybox, "cpio", "-o", "-H", "newc"],
        check=True,
        cwd=root,
        input="\n".join(names).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    (disc / "initrd.gz").write_bytes(gzip.compress(archive.stdout, 1))
    shutil.copy(kernel, disc / "vmlinuz")
    for file in (LOADER, LOADER_MODULE):
        shutil.copy(file, disc / "isolinux")
    (disc / "isolinux/isolinux.cfg").write_text(MENU)
    options = "-quiet -R -J -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot"
    options += " -boot-load-size 4 -boot-info-table -o boot.iso disc"
    subprocess.run(["genisoimage", *options.split()], check=True, cwd=folder)


def boot(folder: Path) -> Iterator[str]:
    """Start the machine and yield what it prints, line by line, until its tests have ended."""
    (folder / "bochsrc").write_text(MACHINE.format(firmware=FIRMWARE))
    (folder / "debugger").write_text("c\n")  # Debian's Bochs starts in its debugger
    serial = folder / "serial.txt"
    serial.touch()
    machine = subprocess.Popen(
        ["bochs", "-q", "-f", "bochsrc", "-rc", "debugger"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        start_new_session=True,
    )
    limit = time.monotonic() + TIMEOUT
    try:
        with serial.open(encoding="utf-8", errors="replace", newline="") as lines:
            rest = ""
            while time.monotonic() < limit:
                rest += lines.read()
                *whole, rest = rest.split("\n")
                yield from (line.rstrip("\r") for line in whole)
                if any(line.startswith("== end") for line in whole) or machine.poll() is not None:
                    return
                time.sleep(0.2)
    finally:
        # A machine that is off goes on using a processor.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(machine.pid, 9)
        machine.wait()


def newest_kernel() -> Path | None:
    """Return the kernel that was installed last."""
    kernels = sorted(Path("/boot").glob("vmlinuz-*"), key=lambda path: path.stat().st_mtime)
    return kernels[-1] if kernels else None


def run(kernel: Path, programs: list[Path]) -> str | None:
    """Run `programs` in the emulator and show what they print; returns what went wrong."""
    has_avx512 = False
    ended: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="quantforge-emulate-") as name:
        pack(Path(name), kernel, programs)
        for line in boot(Path(name)):
            if line.startswith("flags"):
                has_avx512 = {"avx512f", "avx512dq", "avx512vl"} <= set(line.split())
            elif result := re.fullmatch(r"== (\w+) exit (\d+)", line):
                ended[result[1]] = int(result[2])
            else:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    failed = ", ".join(name for name, code in ended.items() if code)
    if not has_avx512:
        return "the guest shows no AVX-512, so nothing was tested"
    if failed:
        return f"failed: {failed}"
    if len(ended) < len(programs):
        return f"only {len(ended)} of {len(programs)} programs ended within {TIMEOUT} s"
    return None


def main(argv: list[str] | None = None) -> int:
    """Run the command; exit code 0 if all tests passed, 1 if not, 2 if something is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kernel", type=Path, default=newest_kernel(), help="Linux for x86-64")
    kernel: Path | None = parser.parse_args(argv).kernel
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    missing += [str(path) for path in (LOADER, LOADER_MODULE, FIRMWARE) if not path.exists()]
    if kernel is None or not kernel.is_file():
        missing.append(f"a kernel ({kernel or 'none in /boot'}; --kernel names one)")
    if missing or kernel is None:
        sys.stderr.write(f"emulate: missing {', '.join(missing)}\n")
        sys.stderr.write(f"emulate: on Debian, apt-get install {PACKAGES}\n")
        return 2
    programs = compiled_tests()
    trouble = run(kernel, programs)
    sys.stdout.write(f"emulate: {trouble or f'{len(programs)} programs passed with AVX-512'}\n")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
