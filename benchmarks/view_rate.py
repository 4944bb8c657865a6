"""How steadily `sfv view` lets a policy act: steps and those left out, counted at a client that draws nothing.

    python benchmarks/view_rate.py RUN [--seconds 60]

It starts `sfv view RUN`, takes the time until its page answers, then lets the policy act and counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request

import numpy as np
from websockets.sync.client import connect


def main() -> None:
    """Start, wait, count, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--port", type=int, default=18_300)
    asked = parser.parse_args()
    command = [sys.executable, "-m", "sfv", "view", "--no-browser", "--port", str(asked.port), *asked.runs]
    began, load = time.monotonic(), os.getloadavg()[0]
    viewer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert viewer.stdout
        address = viewer.stdout.readline().split()[0]
        urllib.request.urlopen(address, timeout=60).read()
        answers = time.monotonic() - began
        with urllib.request.urlopen(f"{address}show.json", timeout=60) as answer:
            shown = json.load(answer)
        whole = time.monotonic() - began
        while not shown["can_act"]:
            time.sleep(0.2)
            shown = json.load(urllib.request.urlopen(f"{address}show.json", timeout=60))
        ready = time.monotonic() - began
        time.sleep(5.0)  # the rollout for the curves is made meanwhile
        rates, taken, dropped, memory = counted(address, asked.seconds, viewer.pid)
    finally:
        viewer.terminate()
        viewer.wait()
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    for name, value in {
        "machine's load at the start": f"{load:.1f}",
        "page answers": f"{answers:.2f} s",
        "recording is there": f"{whole:.2f} s",
        "policy can act": f"{ready:.2f} s",
        "control steps a second, median of seconds": f"{np.median(rates):.1f}",
        "worst second": f"{min(rates)}",
        "steps taken, left out": f"{taken}, {dropped}",
        "memory at its largest": f"{memory:.0f} MiB",
        "CPU of all": f"{cpu.ru_utime + cpu.ru_stime:.1f} s",
    }.items():
        print(f"| {name} | {value} |")


def counted(address: str, seconds: float, process: int) -> tuple[list[int], int, int, float]:
    """Control steps in each second, all that were taken and left out, and the server's memory in MiB."""
    with connect(
        address.replace("http", "ws") + "live", origin=address.rstrip("/"), proxy=None, max_size=None
    ) as socket:
        socket.send(json.dumps({"act": 1, "from": 0.0}))
        begun, rates, said = None, [0] * int(seconds), {}
        while begun is None or time.monotonic() - begun < seconds:
            words = json.loads(socket.recv())
            if words.get("values"):
                begun = begun or time.monotonic()
                second = int(time.monotonic() - begun)
                if second < len(rates):
                    rates[second] += len(words["values"])
                said = words
    with open(f"/proc/{process}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    return rates, said["taken"], said["dropped"], peak


if __name__ == "__main__":
    main()
