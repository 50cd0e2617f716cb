#!/usr/bin/env python3
"""Reads frames to JSON. Written from man/stream-frame.5 alone, to prove that this can be done.

    frame_reader.py [--meta] [FILE]     the records, one JSON object to a line
    frame_reader.py --exact [FILE]      every frame and every value, to compare readers with each other

Needs nothing beyond the standard library. Checksums are verified if the module xxhash is there; packed buffers
want the module zstandard or the program zstd.
"""
import base64
import datetime
import json
import math
import re
import struct
import subprocess
import sys

try:
    import xxhash
except ImportError:
    xxhash = None
try:
    import zstandard
except ImportError:
    zstandard = None

MAGIC = b"\xf5sf\n"
SIZE_MAX = 1 << 30
CRITICAL, SUMS, ALONE, PLACED = 1, 2, 4, 8
FIELD, META, DICTIONARY = 0, 1, 2
VALUES, CONST, INT, FLOAT, TEXT, DICT = range(6)
(ABSENT, NULL, BOOL, T_INT, T_FLOAT, NUMBER, TIME, STRING, BYTES, JSON) = range(10)
TEXTS = (NUMBER, STRING, BYTES, JSON)
METAS = ("@time", "@arrived", "@key", "@hash", "@stream", "@shard", "@seq")
KINDS = (None, "DATA", "WATERMARK", "WINDOW", "HELLO", "RESTORE", "BARRIER", "IDLE", "END", "ORDER")
UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}
NUMBER_RE = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Bad(Exception):
    """The input is not what the page says."""


def need(condition, what):
    if not condition:
        raise Bad(what)


def verify(data, want, what):
    if xxhash:
        need(xxhash.xxh3_64_intdigest(data) == want, "checksum of " + what)


def unzstd(data, size):
    if zstandard:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def ints(data, width, count):
    need(len(data) == width * count, "a buffer has the wrong size")
    return struct.unpack("<%d%s" % (count, UNSIGNED[width]), data)


def signed(i):
    i &= (1 << 64) - 1
    return i - (1 << 64) if i >> 63 else i


class Scope:
    """What frames may refer to."""

    def __init__(self):
        self.names, self.shapes, self.dicts = [], [], []


class Frame:
    """One frame: .kind, .flags, .chain, .sorted, .place, .rows as lists of (name, value), .metas likewise. A value is
    (type, payload): an int and a scale for int, bytes for text."""

    def __init__(self, data, at, chain):
        need(data[at:at + 4] == MAGIC, "no frame here")
        need(len(data) - at >= 64, "cut short")
        (version, self.kind, self.flags, self.size, self.count, self.chain, self.directory, self.entries, self.extents,
         self.fields, self.shapes, self.used, self.sorted, directory_sum, header_sum) = struct.unpack_from(
             "<BBHIIIIIIIIIIQQ", data, at + 4)
        verify(data[at:at + 56], header_sum, "the header")
        need(version == 1, "version")
        need(self.kind != 0 and self.flags < 16, "kind or flags")
        need(self.size <= SIZE_MAX and self.size % 8 == 0 and self.directory % 8 == 0, "size")
        need(len(data) - at >= self.size, "cut short")
        need(self.count <= 65536, "rows")
        need((self.chain == 0) == bool(self.flags & ALONE), "chain")
        self.data = data[at:at + self.size]
        need(self.kind < len(KINDS) or not self.flags & CRITICAL, "a critical frame of a kind that is not known")
        self.place = None
        if self.flags & PLACED:
            segment, seq, durable, shard, _, place_sum = struct.unpack_from("<QQQIIQ", self.data, 64)
            verify(self.data[:96], place_sum, "the place")
            self.place = {"segment": segment, "seq": seq, "durable": durable, "shard": shard}
        verify(self.data[self.directory:], directory_sum, "the directory")
        self.read_directory()
        self.scope = chain.enter(self.chain)
        self.read_scope()
        self.read_columns()
        self.read_rows()

    def read_directory(self):
        at = self.directory
        self.entry_list = [struct.unpack_from("<BBBBBBHIIqII", self.data, at + 32 * i) for i in range(self.entries)]
        at += 32 * self.entries
        self.extent_list = [struct.unpack_from("<II", self.data, at + 8 * i) for i in range(self.extents)]
        at += 8 * self.extents
        sums = [None] * self.extents
        if self.flags & SUMS:
            sums = struct.unpack_from("<%dQ" % self.extents, self.data, at)
            at += 8 * self.extents
        need(at == self.size, "the directory does not end where the frame does")
        need(sum(raw for _, raw in self.extent_list) <= SIZE_MAX, "too much when unpacked")
        self.buffers, pos = [], 104 if self.flags & PLACED else 64
        for (stored, raw), checksum in zip(self.extent_list, sums):
            need(stored <= raw and pos + stored <= self.directory, "an extent")
            self.buffers.append((pos, stored, raw, checksum))
            pos = (pos + stored + 7) // 8 * 8
        need(pos == self.directory, "the directory is not where the buffers end")
        self.next = 0

    def take(self):
        """The bytes of the next buffer."""
        need(self.next < len(self.buffers), "too few buffers")
        pos, stored, raw, checksum = self.buffers[self.next]
        self.next += 1
        data = self.data[pos:pos + stored]
        if checksum is not None:
            verify(data, checksum, "a buffer")
        if stored < raw:
            data = unzstd(data, raw)
        need(len(data) == raw, "a buffer has the wrong size")
        return data

    def read_scope(self):
        names, at = self.take(), 0
        for _ in range(self.fields):
            length, = struct.unpack_from("<I", names, at)
            name = names[at + 4:at + 4 + length]
            need(len(name) == length and name not in self.scope.names, "a name")
            self.scope.names.append(name)
            at += 4 + length
        need(at == len(names), "the names buffer")
        words = self.take()
        words, at = ints(words, 4, len(words) // 4), 0
        for _ in range(self.shapes):
            count = words[at]
            shape = words[at + 1:at + 1 + count]
            need(len(shape) == count == len(set(shape)), "a shape")
            need(all(f < len(self.scope.names) for f in shape), "a shape")
            self.scope.shapes.append(shape)
            at += 1 + count
        need(at == len(words), "the shapes buffer")
        self.used_list = ints(self.take(), 4, self.used)
        need(all(s < len(self.scope.shapes) for s in self.used_list), "a used shape")
        self.codes = ints(self.take(), 2, self.count if self.used > 1 else 0)

    def read_columns(self):
        self.columns, self.metas = {}, {}
        for entry in self.entry_list:
            role, n = entry[0], entry[7]
            if role == FIELD:
                need(n < len(self.scope.names) and n not in self.columns, "a column")
                self.columns[n] = self.column(entry, self.count)
            elif role == META:
                need(n < len(METAS) and METAS[n] not in self.metas, "a metadatum")
                self.metas[METAS[n]] = self.column(entry, self.count)
            else:
                need(role == DICTIONARY, "a role")
                self.dictionary(entry)
        need(self.next == len(self.buffers), "too many buffers")
        if self.place:
            need("@shard" not in self.metas and "@seq" not in self.metas, "two places")
            self.metas["@shard"] = [(T_INT, (self.place["shard"], 0))] * self.count
            self.metas["@seq"] = [(T_INT, (self.place["seq"] + i, 0)) for i in range(self.count)]

    def dictionary(self, entry):
        number, first, count = entry[7], entry[10], entry[11]
        need(entry[1] in (VALUES, TEXT), "a dictionary's form")
        values = self.column(entry, count)
        dicts = self.scope.dicts
        need(number <= len(dicts), "a dictionary's number")
        if number == len(dicts):
            dicts.append([])
        if first == 0:
            dicts[number] = values
        else:
            need(first == len(dicts[number]), "a dictionary has another size")
            dicts[number] = dicts[number] + values

    def column(self, entry, n):
        (_, form, kind, width, scale, marked, _, _, dictionary, bias, _, _) = entry
        need(form <= DICT and kind <= JSON and scale <= 18 and marked <= 1, "an entry")
        marks = None
        if marked:
            need(form not in (VALUES, CONST), "marks where none may be")
            marks = ints(self.take(), 1, n)
            need(all(m <= 2 for m in marks), "a mark")
        if form == VALUES:
            values = self.any_values(n)
        elif form == CONST:
            values = [self.constant(kind, scale, bias)] * n
        elif form == INT:
            need(kind in (BOOL, T_INT, TIME) and width in UNSIGNED, "a column of ints")
            values = [payload_value(kind, signed(i + bias), scale) for i in ints(self.take(), width, n)]
        elif form == FLOAT:
            data = self.take()
            need(len(data) == 8 * n, "a buffer has the wrong size")
            values = [(T_FLOAT, f) for f in struct.unpack("<%dd" % n, data)]
        elif form == TEXT:
            offsets = ints(self.take(), 4, n + 1)
            data = self.take()
            need(kind in TEXTS and offsets[0] == 0 and offsets[n] == len(data), "a column of text")
            need(all(a <= b for a, b in zip(offsets, offsets[1:])), "offsets")
            values = [(kind, data[a:b]) for a, b in zip(offsets, offsets[1:])]
        else:
            need(width in (1, 2, 4) and dictionary < len(self.scope.dicts), "a column of codes")
            known = self.scope.dicts[dictionary]
            codes = ints(self.take(), width, n)
            need(all(c < len(known) for c in codes), "a code")
            values = [known[c] for c in codes]
        if marks:
            values = [(v, (NULL, None), (ABSENT, None))[m] for v, m in zip(values, marks)]
        for kind, payload in values:
            need(kind != NUMBER or NUMBER_RE.fullmatch(payload), "a number")
            need(kind != T_FLOAT or math.isfinite(payload), "a float")
        return values

    def constant(self, kind, scale, bias):
        if kind in TEXTS:
            return kind, self.take()
        return payload_value(kind, bias, scale)

    def any_values(self, n):
        types, scales = self.take(), self.take()
        scales = ints(scales, 1, n) if scales else (0,) * n
        payloads = ints(self.take(), 8, n)
        heap, values = self.take(), []
        for kind, scale, payload in zip(ints(types, 1, n), scales, payloads):
            need(kind <= JSON and scale <= 18, "a value")
            if kind in TEXTS:
                at, length = payload & 0xffffffff, payload >> 32
                need(at + length <= len(heap), "a value")
                values.append((kind, heap[at:at + length]))
            else:
                values.append(payload_value(kind, signed(payload), scale))
        return values

    def read_rows(self):
        for shape in self.used_list:
            need(all(f in self.columns for f in self.scope.shapes[shape]),
                 "a field has no column")
        need(self.count == 0 or self.used_list, "rows without a shape")
        need(all(c < self.used for c in self.codes), "a code of a shape")
        self.rows = []
        for i in range(self.count):
            shape = self.scope.shapes[self.used_list[self.codes[i] if self.codes else 0]]
            record = [(self.scope.names[f], self.columns[f][i]) for f in shape]
            self.rows.append([(name, v) for name, v in record if v[0] != ABSENT])

    def row_metas(self, i):
        found = [(name, self.metas[name][i]) for name in METAS if name in self.metas]
        return [(name, v) for name, v in found if v[0] != ABSENT]


def payload_value(kind, payload, scale):
    if kind in (ABSENT, NULL):
        return kind, None
    if kind == T_INT:
        return kind, (payload, scale)
    if kind == T_FLOAT:
        return kind, struct.unpack("<d", struct.pack("<q", payload))[0]
    need(kind != BOOL or payload in (0, 1), "a bool")
    return kind, payload


class Chain:
    """The frames that build upon each other."""

    def __init__(self):
        self.number, self.scope = 0, None

    def enter(self, number):
        if number == 0:
            return Scope()
        need(number == 1 or (self.number and number == self.number + 1), "a frame is missing")
        if number == 1:
            self.scope = Scope()
        self.number = number
        return self.scope


def stream_line(data, at):
    end = data.find(b"\n", at, at + 4096)
    need(end >= 0 and data[at:at + 8] == b"#stream ", "no stream line")
    words = data[at:end].decode("latin-1").split("  ")[0].split(" ")
    need(words[1] == "1", "version of the stream")
    return end + 1, dict(word.split("=", 1) for word in words[2:] if "=" in word)


def stream(data):
    """Yields dicts for stream lines, and frames."""
    at, chain = 0, Chain()
    while at < len(data):
        if data[at:at + 1] == b"#":
            at, words = stream_line(data, at)
            chain = Chain()
            yield words
        else:
            frame = Frame(data, at, chain)
            at += frame.size
            yield frame


# -- what is printed --

def int_text(i, scale):
    digits = str(abs(i)).rjust(scale + 1, "0")
    if scale:
        digits = digits[:-scale] + "." + digits[-scale:]
    return "-" * (i < 0) + digits


def time_text(ns):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=ns // 10**9)
    fraction = "%09d" % (ns % 10**9)
    while fraction.endswith("000"):
        fraction = fraction[:-3]
    return moment.isoformat() + ("." + fraction if fraction else "") + "Z"


def json_text(value):
    kind, payload = value
    if kind == NULL:
        return "null"
    if kind == BOOL:
        return "true" if payload else "false"
    if kind == T_INT:
        return int_text(*payload)
    if kind == T_FLOAT:
        return repr(payload)
    if kind == TIME:
        return json.dumps(time_text(payload))
    if kind == BYTES:
        return json.dumps(base64.b64encode(payload).decode())
    text = payload.decode("utf-8", "surrogateescape")
    return text if kind in (NUMBER, JSON) else json.dumps(text)


def exact_text(value):
    kind, payload = value
    if kind == NULL:
        return "null"
    if kind == T_INT:
        return "int:%d/%d" % payload
    if kind == T_FLOAT:
        return "float:%016x" % struct.unpack("<Q", struct.pack("<d", payload))[0]
    if kind in TEXTS:
        return "%s:%s" % (("number", None, "string", "bytes", "json")[kind - NUMBER], payload.hex())
    return "%s:%d" % ("bool" if kind == BOOL else "time", payload)


def print_exact(item):
    if isinstance(item, dict):
        print("stream bounded=%s source=%s" % (item.get("bounded", "-"), item.get("source", "-")))
        return
    place = item.place and "%(segment)d %(seq)d %(durable)d %(shard)d" % item.place
    print("frame kind=%d flags=%d rows=%d sorted=%d place=%s" % (item.kind, item.flags, item.count, item.sorted, place))
    for i, row in enumerate(item.rows):
        metas = ["%s=%s" % (name, exact_text(v)) for name, v in item.row_metas(i)]
        print(" ".join(["row"] + metas + ["%s=%s" % (name.hex(), exact_text(v)) for name, v in row]))


def print_records(item, meta):
    if isinstance(item, dict) or item.kind != 1:
        return
    for i, row in enumerate(item.rows):
        cells = [(json.dumps(name), v) for name, v in item.row_metas(i)] if meta else []
        cells += [(json.dumps(name.decode("utf-8", "surrogateescape")), v) for name, v in row]
        print("{%s}" % ",".join("%s:%s" % (name, json_text(v)) for name, v in cells))


def main():
    files = [a for a in sys.argv[1:] if not a.startswith("--")]
    if files:
        with open(files[0], "rb") as f:
            data = f.read()
    else:
        data = sys.stdin.buffer.read()
    try:
        for item in stream(data):
            if "--exact" in sys.argv:
                print_exact(item)
            else:
                print_records(item, "--meta" in sys.argv)
    except (Bad, struct.error, IndexError) as e:
        sys.exit("frame_reader.py: %s" % e)


if __name__ == "__main__":
    main()
