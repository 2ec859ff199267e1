# SPDX-License-Identifier: Apache-2.0
"""How many calls are completed when three times as many come as the server can take.

    measure.py MARTLET SIPLOAD TRANSPORT [CONNECTIONS [FACTOR [BURN]]]

SIPLOAD is the program that ../shared/bench makes, TRANSPORT udp or tcp. The server has processor 0 and one worker, the callers and callees
processor 1. First they make as many calls as the server completes, with 64 at a time; that is its capacity. Then FACTOR times as many, 3
unless it is said, come at random moments, from CONNECTIONS connections. BURN is 1000 unless it is said: one caller has to be able to make more
calls than the server can take.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile

martlet, sipload, transport = sys.argv[1:4]
connections, factor, burn = (sys.argv[4:7] + ["20", "3", "1000"][len(sys.argv) - 4:])[:3]
SECONDS = 6
here = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(folder, port):
    """The server; it says that it is ready as to systemd."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(f"{folder}/notify")
    ready.settimeout(30)
    command = ["taskset", "-c", "0", martlet, f"{here}/overload.cfg", "-E", "-Y", folder, "-A", f"BURN={burn}"]
    command += ["-l", f"udp:127.0.0.1:{port}", "-l", f"tcp:127.0.0.1:{port}"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
    while b"READY=1" not in ready.recv(4096):
        pass
    return server


def load(port, run, *arguments):
    command = [sipload, "--mode", "invite", "--server", f"127.0.0.1:{port}", "--pin", "1", "--spin", "--quiet"]
    # Late packets of the run before find nobody.
    command += ["--uac", f"127.0.1.{2 * run}", "--uas", f"127.0.1.{2 * run + 1}"]
    command += ["--uac-sockets", connections, "--uas-sockets", "4"] + ["--tcp"] * (transport == "tcp")
    done = subprocess.run(command + list(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{sipload}: {done.stderr[-500:]}")


with tempfile.TemporaryDirectory() as folder:
    port = free_port()
    server = start(folder, port)
    try:
        capacity = load(port, 1, "--duration", str(SECONDS), "--warmup", "2", "--window", "64")["throughput"]
        rate = capacity * float(factor)
        over = load(
            port, 2, "--rate", f"{rate:.0f}", "--poisson", "--duration", str(SECONDS), "--timeout-ms", "10000")
        print(
            f"{transport}, {connections} connections: {over['done'] / SECONDS / capacity:.0%} of the calls that are completed at"
            f" capacity; {over['started'] / SECONDS / capacity:.1f} times as many came, {over['rejected'] / max(over['started'], 1):.0%}"
            f" were refused, {over['timeouts']} ran out of time")
    finally:
        server.terminate()
        server.wait(10)
