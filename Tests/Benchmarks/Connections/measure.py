# SPDX-License-Identifier: Apache-2.0
"""What connections cost that are there and say nothing, and what happens when all of them close at once.

    measure.py SERVER TRANSPORT COUNT [close]

SERVER is the path of martlet or of kamailio, TRANSPORT tcp, tls, ws or wss. IDLE in the environment is the program idle. While the
clients come, stay and go, somebody asks over UDP every two milliseconds, and how long the answers take is printed. With `close` each
client registers a flow, and then all of them close.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

server, transport, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
closes = "close" in sys.argv[4:]
idle = os.environ.get("IDLE", "/tmp/idle")
ours = "martlet" in os.path.basename(server)
secure, web = transport in ("tls", "wss"), transport in ("ws", "wss")
# As many as one process may have open.
PER_PROCESS = 7000


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


udp, port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)


def configuration(folder):
    # Elsewhere WebSockets begin as HTTP on a socket for TCP or TLS.
    listens = transport if ours or not web else "tls" if secure else "tcp"
    plugins = ["tm", "sl"] + ["stun"] * ours + ["outbound", "rr", "path", "pv", "textops", "siputils", "kex", "ctl"]
    plugins += ["tls"] * secure + ["xhttp"] * (web and not ours) + ["websocket"] * web
    lines = [
        "debug=1", "log_stderror=yes", "children=1", "tcp_children=1", "dns=no", "rev_dns=no",
        "tcp_max_connections=25000", "tcp_connection_lifetime=3600", "open_files_limit=20000", "tcp_accept_no_cl=yes",
        f"listen=udp:127.0.0.1:{udp}", f"listen={listens}:127.0.0.1:{port}",
    ]
    if secure:
        lines += ["enable_tls=yes", "tls_max_connections=25000"]
    lines += [f'loadmodule "{name}.so"' for name in plugins]
    if secure:
        lines += [
            'modparam("tls", "tls_method", "TLSv1.2+")', 'modparam("tls", "connection_timeout", 3600)',
            f'modparam("tls", "certificate", "{folder}/cert.pem")', f'modparam("tls", "private_key", "{folder}/key.pem")',
        ]
    if web:
        lines.append('modparam("websocket", "keepalive_mechanism", 0)')
    lines.append('modparam("outbound", "flow_token_secret", "x")')
    lines.append('request_route { if (is_method("REGISTER")) add_path(); sl_send_reply("200", "OK"); }')
    if web and not ours:
        lines.append('event_route[xhttp:request] { set_reply_close(); set_reply_no_connect(); if (ws_handle_handshake()) exit; }')
    return "\n".join(lines) + "\n"


def processes(pid):
    found = [pid]
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += processes(int(name))
    return found


def memory(pid):
    """Of all its processes, shared pages counted once; kB."""
    total = 0
    for one in processes(pid):
        with open(f"/proc/{one}/smaps_rollup") as file:
            total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
    return total


class Pinger(threading.Thread):
    def __init__(self):
        super().__init__()
        self.times, self.lost, self.is_over = [], 0, False
        self.start()

    def run(self):
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("127.0.0.1", 0))
        own.settimeout(2)
        number = 0
        while not self.is_over:
            number += 1
            request = (
                f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own.getsockname()[1]};branch=z9hG4bK{number}\r\n"
                f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: ping{number}\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 9\r\nContent-Length: 0\r\n\r\n"
            )
            before = time.perf_counter()
            own.sendto(request.encode(), ("127.0.0.1", udp))
            try:
                own.recv(4096)
                self.times.append(time.perf_counter() - before)
            except socket.timeout:
                self.lost += 1
            time.sleep(0.002)

    def report(self, when):
        times, self.times = sorted(self.times), []
        if times:
            show = lambda part: f"{1e3 * times[min(len(times) - 1, int(len(times) * part))]:.2f} ms"
            print(f"{when}: {len(times)} answers over UDP, {self.lost} lost; p50 {show(.5)}, p99 {show(.99)}, most {show(1)}")


def flows(folder):
    answer = subprocess.run(
        [server, "rpc", "-Y", folder, "--json", "stats.fetchn", "outbound:flows"], capture_output=True, text=True)
    return int(re.search(r"(\d+)\D*$", answer.stdout)[1])


def tell(clients, word):
    for client in clients:
        client.stdin.write(word + "\n")
        client.stdin.flush()


def answers(clients):
    return [client.stdout.readline().strip() for client in clients]


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=idle -keyout key.pem -out cert.pem",
        shell=True, cwd=folder, check=True, capture_output=True)
    with open(folder + "/idle.cfg", "w") as file:
        file.write(configuration(folder))
    command = [server, "-f", folder + "/idle.cfg", "-DD", "-E", "-Y", folder]
    command += ["-n", "1"] if ours else ["-m", "3072", "-M", "32", "-x", "tlsf"]
    log = open(folder + "/log", "w")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    time.sleep(3)
    if process.poll() is not None:
        sys.exit(open(folder + "/log").read()[-2000:])
    pinger = Pinger()
    clients = []
    try:
        time.sleep(1)
        pinger.report("nobody there")
        before = memory(process.pid)
        groups = -(-count // PER_PROCESS)
        for group in range(groups):
            words = [idle, transport, str(port), str(count // groups), f"127.0.0.{11 + group}"]
            clients.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        there = 0
        for line in answers(clients):
            print(line)
            there += int(line.split()[1])
        pinger.report("while they come")
        time.sleep(3)
        print(f"{there} connections over {transport}: {(memory(process.pid) - before) * 1024 / max(there, 1):.0f} bytes each")
        pinger.report("while they are idle")
        tell(clients, "options")
        print(*answers(clients), sep="\n")
        if closes:
            tell(clients, "register")
            print(*answers(clients), sep="\n")
            print(f"with a flow each: {(memory(process.pid) - before) * 1024 / max(there, 1):.0f} bytes each")
            pinger.report("while they register")
            first = time.monotonic()
            held = memory(process.pid)
            tell(clients, "close")
            if ours:
                while flows(folder) > 0:
                    pass
                end = time.monotonic()
                last = max(float(line.split()[1]) for line in answers(clients))
                print(f"all flows are dead {end - last:.3f} s after the last close, {end - first:.3f} s after the first")
            else:
                time.sleep(2)
            time.sleep(3)
            pinger.report("while they close")
            time.sleep(62)
            print(f"memory: {before / 1024:.1f} MB before they came, {held / 1024:.1f} with them, "
                  f"{memory(process.pid) / 1024:.1f} a minute after")
            pinger.report("the minute after")
    finally:
        pinger.is_over = True
        pinger.join()
        for client in clients:
            client.kill()
        process.terminate()
        process.wait()
