# SPDX-License-Identifier: Apache-2.0
"""Telephones in a browser's place, with Python's websockets: they register, and call each other and one on UDP.

    phones.py ws://127.0.0.1:8080/ 127.0.0.1:5060 [certificate]

Prints a line for each thing that worked; the first that does not ends it with an exception.
"""
import asyncio
import random
import ssl
import sys

import websockets


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.start = lines[0]
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def __getitem__(self, name):
        return (self.all(name) or [""])[0]

    @property
    def status(self):
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self):
        return self.start.split(" ")[0]


def uri(value):
    return value[value.index("<") + 1 : value.index(">")]


class Phone:
    """What is the same over any transport."""

    transport = "WS"

    def __init__(self, user):
        self.user = user
        self.host = "%08x.invalid" % random.getrandbits(32)
        self.tag = "%08x" % random.getrandbits(32)
        self.contact = "<sip:%s@%s;transport=ws>" % (user, self.host)
        self.sequence = 0

    async def request(self, method, target, call, to, more=(), sequence=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        lines = [
            "%s %s SIP/2.0" % (method, target),
            "Via: SIP/2.0/%s %s;branch=z9hG4bK%016x;rport" % (self.transport, self.host, random.getrandbits(64)),
            "Max-Forwards: 70",
            "From: <sip:%s@example.com>;tag=%s" % (self.user, self.tag),
            "To: " + to,
            "Call-ID: " + call,
            "CSeq: %d %s" % (sequence, method),
            "Contact: " + self.contact,
            *more,
            "Content-Length: 0",
        ]
        await self.send("\r\n".join(lines) + "\r\n\r\n")
        return sequence

    async def reply(self, request, status, reason):
        lines = ["SIP/2.0 %d %s" % (status, reason)]
        for name, value in request.headers:
            if name.lower() in ("via", "from", "call-id", "cseq", "record-route"):
                lines.append("%s: %s" % (name, value))
            if name.lower() == "to":
                lines.append("To: " + value + ("" if ";tag=" in value else ";tag=" + self.tag))
        lines += ["Contact: " + self.contact, "Content-Length: 0"]
        await self.send("\r\n".join(lines) + "\r\n\r\n")

    async def receive(self):
        return Message(await asyncio.wait_for(self.take(), 20))

    async def final(self):
        while True:
            message = await self.receive()
            assert message.status, message.start
            if message.status >= 200:
                return message

    async def expect(self, method):
        while True:
            message = await self.receive()
            if message.method == method:
                return message
            assert message.status, "%s, not %s" % (message.start, method)

    async def register(self):
        more = ["Expires: 600", "Supported: path, outbound"]
        await self.request("REGISTER", "sip:example.com", "r" + self.host, "<sip:%s@example.com>" % self.user, more)
        answer = await self.final()
        assert answer.status == 200, answer.start
        assert self.user + "@" in answer["Contact"], answer["Contact"]
        print(self.user, "is registered over", self.transport)

    async def call(self, other):
        """Calls, is answered, and the other one ends it: requests within the dialog go both ways."""
        call = "%016x" % random.getrandbits(64)
        target = "sip:%s@example.com" % other.user
        sequence = await self.request("INVITE", target, call, "<%s>" % target)
        invite = await other.expect("INVITE")
        await other.reply(invite, 180, "Ringing")
        await other.reply(invite, 200, "OK")
        answer = await self.final()
        assert answer.status == 200, answer.start
        routes = ["Route: " + value for value in reversed(answer.all("Record-Route"))]
        await self.request("ACK", uri(answer["Contact"]), call, answer["To"], routes, sequence)
        await other.expect("ACK")
        routes = ["Route: " + value for value in invite.all("Record-Route")]
        other.sequence += 1
        lines = [
            "BYE %s SIP/2.0" % uri(invite["Contact"]),
            "Via: SIP/2.0/%s %s;branch=z9hG4bK%016x;rport" % (other.transport, other.host, random.getrandbits(64)),
            "Max-Forwards: 70",
            "From: %s;tag=%s" % (invite["To"], other.tag),
            "To: " + invite["From"],
            "Call-ID: " + call,
            "CSeq: %d BYE" % other.sequence,
            *routes,
            "Content-Length: 0",
        ]
        await other.send("\r\n".join(lines) + "\r\n\r\n")
        await self.reply(await self.expect("BYE"), 200, "OK")
        assert (await other.final()).status == 200
        print(self.user, "has called", other.user)


class Browser(Phone):
    async def connect(self, url, certificate):
        context = None
        if url.startswith("wss:"):
            self.transport = "WSS"
            context = ssl.create_default_context(cafile=certificate)
            context.check_hostname = False
        self.socket = await websockets.connect(
            url, subprotocols=["sip"], ssl=context, origin="http://example.com", ping_interval=None)
        assert self.socket.subprotocol == "sip"

    async def send(self, text):
        await self.socket.send(text)

    async def take(self):
        message = await self.socket.recv()
        return message if isinstance(message, str) else message.decode()


class Desk(Phone, asyncio.DatagramProtocol):
    transport = "UDP"

    async def connect(self, host, port):
        self.queue = asyncio.Queue()
        self.way, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0), remote_addr=(host, port))
        self.host = "%s:%d" % self.way.get_extra_info("sockname")[:2]
        self.contact = "<sip:%s@%s>" % (self.user, self.host)

    def datagram_received(self, data, address):
        self.queue.put_nowait(data.decode())

    async def send(self, text):
        self.way.sendto(text.encode())

    async def take(self):
        return await self.queue.get()


async def main():
    url, place = sys.argv[1:3]
    certificate = sys.argv[3] if len(sys.argv) > 3 else None
    host, port = place.rsplit(":", 1)
    alice, bob, carol = Browser("alice"), Browser("bob"), Desk("carol")
    await alice.connect(url, certificate)
    await bob.connect(url, certificate)
    await carol.connect(host, int(port))
    for phone in (alice, bob, carol):
        await phone.register()
    await alice.call(bob)
    await carol.call(alice)
    await alice.call(carol)
    await (await alice.socket.ping("are you there"))
    print("a ping is answered")
    await alice.socket.close(1000, "bye")
    assert alice.socket.close_code == 1000
    print("closed with", alice.socket.close_code)


asyncio.run(main())
