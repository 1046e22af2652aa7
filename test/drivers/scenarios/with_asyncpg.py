"""asyncpg: binary everywhere, every statement prepared and described."""

import asyncio
import hashlib
import io
import json
import os

import asyncpg
import common
from common import show


def failed(error):
    fields = ("severity_en", "sqlstate", "message", "detail", "hint", "position", "constraint_name")
    return {"class": type(error).__name__, **{name: getattr(error, name, None) for name in fields}}


async def error_of(work):
    try:
        await work
    except asyncpg.PostgresError as error:
        return failed(error)
    raise AssertionError("no error")


def text(template):
    return template.format(a="$1", b="$2")


class Diagnostics:
    def __init__(self, error):
        self.sqlstate = error.sqlstate
        self.message_primary = error.message
        self.message_detail = error.detail
        self.message_hint = error.hint
        self.statement_position = error.position


async def filtered(conn, work, sent):
    try:
        result = {"found": [row[0] for row in await work]}
    except asyncpg.PostgresError as error:
        result = {"error": common.driver_error(type(error).__name__, Diagnostics(error), sent)}
    return {**result, "after": await conn.fetchval("SELECT $1::text", common.FINE)}


async def records(work):
    return show([list(row.values()) for row in await work])


async def in_transaction(conn, query, *values):
    async with conn.transaction():
        return await conn.fetch(query, *values)


class Undo(Exception):
    pass


async def main():
    same, rows, filters = {}, {}, {}
    conn = await asyncpg.connect()
    notices, heard = [], []
    conn.add_log_listener(lambda _, message: notices.append([message.message, message.severity_en, message.detail]))
    same["login"] = await records(conn.fetch(common.LOGIN))
    same["simple"] = [
        await conn.execute("SELECT 1; SELECT 2, 3; SET work_mem = '4MB'"),
        await records(conn.fetch("SELECT * FROM plain.people ORDER BY id")),
    ]
    query = "SELECT " + ", ".join(f"${n + 1}::{type}" for n, (type, _) in enumerate(common.PARAMETERS))
    same["parameters"] = await records(conn.fetch(query, *[value for _, value in common.PARAMETERS]))
    by_id = await conn.prepare("SELECT email FROM plain.people WHERE id = $1")
    same["prepared"] = [await by_id.fetchval(n % 4) for n in range(8)]
    same["prepared"] += [str(by_id.get_parameters()), str(by_id.get_attributes())]
    kinds = "SELECT id, num, r4, r8, flag, t, v, c, bytes, d, tm, ts, tsz, span, uid, j, jb, ints, texts, addr, net, pt, box, bits, mood, pos, range FROM plain.kinds WHERE id IN (1, 3) ORDER BY id"
    same["types"] = await records(conn.fetch(kinds))
    same["binary"] = await records(conn.fetch("SELECT array_agg(k ORDER BY id) FROM plain.people k"))
    async with conn.transaction():
        same["cursor"] = [sum([row[0] async for row in conn.cursor("SELECT n FROM plain.lines", prefetch=50)])]
        cursor = await conn.cursor("SELECT id FROM plain.orders ORDER BY id")
        await cursor.forward(10)
        same["cursor"].append(await records(cursor.fetch(2)))
    try:
        async with conn.transaction():
            await conn.executemany("INSERT INTO plain.people VALUES ($1, $2, $3)", common.PEOPLE)
            same["batch"] = [await records(conn.fetch("SELECT count(*), sum(age) FROM plain.people"))]
            same["returning"] = [
                await records(conn.fetch("UPDATE plain.people SET age = age + 1 WHERE id = $1 RETURNING *", 100)),
                await records(conn.fetch("UPDATE orders SET notes = $1 WHERE id = 900011 RETURNING id, buyer_name", "x")),
            ]
            same["transactions"] = [await error_of(in_transaction(conn, "DELETE FROM plain.people WHERE id = 1"))]
            same["transactions"].append(await conn.fetchval("SELECT count(*) FROM plain.people"))
            copied = [(100000 + n, f"copied {n}\t\\") for n in range(3000)]
            same["copy"] = [await conn.copy_records_to_table("lines", schema_name="plain", records=copied, columns=["n", "word"])]
            same["copy"].append(await records(conn.fetch("SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000")))
            raise Undo
    except Undo:
        same["transactions"].append(await conn.fetchval("SELECT count(*) FROM plain.people"))

    async def copy_out(query, **options):
        out = io.BytesIO()
        await conn.copy_from_query(query, output=out, **options)
        return out.getvalue()

    same["copy"] += [
        (await copy_out("SELECT * FROM plain.people ORDER BY id", format="csv", header=True)).decode(),
        (await copy_out("SELECT * FROM plain.people ORDER BY id", format="binary")).hex(),
        await error_of(conn.copy_to_table("people", schema_name="plain", columns=["id", "email"], source=io.BytesIO(b"not a number\tx\n"))),
    ]
    same["errors"] = [
        await error_of(conn.fetch("SELECT nothing FROM plain.people")),
        await error_of(conn.execute("INSERT INTO plain.people VALUES ($1, $2)", 1, "x")),
        await error_of(conn.fetch("SELEC 1")),
        await error_of(conn.execute("SELECT 1/0")),
        await error_of(conn.fetch("SELECT plain.fail($1)", "x")),
    ]
    notices.clear()
    await conn.fetch("SELECT plain.warn('asyncpg')")
    await asyncio.sleep(0)
    same["notices"] = list(notices)
    other = await asyncpg.connect()
    await other.add_listener("chat", lambda _, pid, channel, payload: heard.append([channel, payload]))
    await conn.execute("NOTIFY chat, 'hello'")
    while not heard:
        await asyncio.sleep(0.01)
    await other.close()
    same["notifications"] = heard
    try:
        await conn.fetch("SELECT pg_sleep(20)", timeout=0.3)
    except asyncio.TimeoutError:
        same["cancel"] = ["timeout", await records(conn.fetch("SELECT 'after'"))]
    same["metadata"] = await records(conn.fetch(common.METADATA))
    same["large"] = hashlib.sha256(json.dumps([list(row.values()) for row in await conn.fetch(common.LARGE)]).encode()).hexdigest()
    same["orders"] = [await records(conn.fetch(common.UNREDACTED)), await records(conn.fetch(common.REPORT))]
    for n in range(9):
        template, values = common.ALLOWED[n % 3]
        same["orders"].append(await records(conn.fetch(text(template), *values)))

    by_ids = f"SELECT {common.COLUMNS} FROM orders WHERE id = ANY($1) ORDER BY id"
    ids = [900001, 900002, 900003]
    rows["fetch"] = common.rows_of(await conn.fetch(by_ids, ids))
    rows["again"] = common.rows_of(await conn.fetch(by_ids, ids))
    rows["prepared"] = common.rows_of(await (await conn.prepare(common.REDACTED)).fetch())
    async with conn.transaction():
        rows["cursor"] = common.rows_of([row async for row in conn.cursor(by_ids, ids, prefetch=1)])
    copied = [line.split("\t") for line in (await copy_out(common.REDACTED)).decode().splitlines()]
    rows["copy"] = common.rows_of([[None if value == "\\N" else value for value in line] for line in copied])

    query = text(common.FILTER)
    filters["fetch"] = await filtered(conn, conn.fetch(query, *common.FILTER_VALUES), query)
    by_channel = text(common.FILTER_BY_CHANNEL)
    filters["by a parameter"] = await filtered(conn, conn.fetch(by_channel, *common.FILTER_VALUES, "amazon"), by_channel)
    filters["transaction"] = await filtered(conn, in_transaction(conn, query, *common.FILTER_VALUES), query)
    async with conn.transaction():
        filters["savepoint"] = await filtered(conn, in_transaction(conn, query, *common.FILTER_VALUES), query)
    await conn.close()
    common.finish(same, rows, filters)


os.environ.setdefault("PGSSLMODE", "disable")
asyncio.run(main())
