"""psycopg 3: text and binary, prepared statements, server-side cursors, pipelines, COPY."""

import hashlib
import json
import threading

import common
import psycopg
from common import show
from psycopg import sql
from psycopg.rows import dict_row


def failed(error):
    d = error.diag
    fields = ("severity", "sqlstate", "message_primary", "message_detail", "message_hint", "statement_position", "constraint_name")
    return {"class": type(error).__name__, **{name: getattr(d, name) for name in fields}}


def error_of(work):
    try:
        work()
    except psycopg.Error as error:
        return failed(error)
    raise AssertionError("no error")


def text(template, mark="%s"):
    return template.format(a=mark, b=mark)


def sent(template):
    """What the driver makes of it."""
    return template.format(a="$1", b="$2")


def filtered(conn, work, template=common.FILTER, recover=lambda: None):
    try:
        result = {"found": [id for (id,) in work()]}
    except psycopg.Error as error:
        result = {"error": common.driver_error(type(error).__name__, error.diag, sent(template))}
    recover()
    return {**result, "after": conn.execute("SELECT %s::text", (common.FINE,)).fetchone()[0]}


def main():
    same, rows, filters = {}, {}, {}
    with psycopg.connect("", autocommit=True) as conn:
        notices = []
        conn.add_notice_handler(lambda diag: notices.append([diag.message_primary, diag.severity, diag.message_detail]))
        cur = conn.cursor()
        same["login"] = show(cur.execute(common.LOGIN).fetchall())
        several = []
        cur.execute("SELECT 1; SELECT 2, 3; SET work_mem = '4MB'; SELECT 4")
        while True:
            several.append(show(cur.fetchall() if cur.description else cur.statusmessage))
            if not cur.nextset():
                break
        composed = sql.SQL("SELECT {} FROM {} ORDER BY 1").format(sql.Identifier("Id"), sql.Identifier("plain", "Mixed Case"))
        same["simple"] = [several, show(cur.execute("SELECT * FROM plain.people ORDER BY id").fetchall()), show(cur.execute(composed).fetchall())]

        query = "SELECT " + ", ".join(f"%s::{type}" for type, _ in common.PARAMETERS)
        values = [value for _, value in common.PARAMETERS]
        same["parameters"] = [
            show(cur.execute(query, values).fetchone()),
            show(conn.execute(query.replace("%s", "%b").replace("%b::json", "%t::json"), values).fetchone()),
            show(conn.cursor(row_factory=dict_row).execute("SELECT %(a)s + %(b)s AS s", {"a": 1, "b": 2}).fetchone()),
        ]
        same["prepared"] = show([cur.execute("SELECT email FROM plain.people WHERE id = %s", (n % 4,)).fetchone() for n in range(12)])
        same["types"] = [
            show(cur.execute("SELECT * FROM plain.kinds WHERE id IN (1, 3) ORDER BY id").fetchall()),
            show([(c.name, c.type_code, c.internal_size, c.precision) for c in cur.description]),
        ]
        kinds = "SELECT id, num, t, bytes, d, ts, uid, jb, ints FROM plain.kinds WHERE id IN (1, 3)"
        same["binary"] = show(conn.cursor(binary=True).execute(kinds).fetchall())
        with conn.transaction():
            with conn.cursor("server_side") as named:
                named.itersize = 50
                total = sum(row[0] for row in named.execute("SELECT n FROM plain.lines"))
            with conn.cursor("scrolling", scrollable=True) as named:
                named.execute("SELECT id FROM plain.orders ORDER BY id")
                named.scroll(10, mode="absolute")
                same["cursor"] = [total, show(named.fetchmany(2))]
        streamed = cur.stream("SELECT n FROM plain.lines ORDER BY n LIMIT 10")
        same["cursor"].append(show(list(streamed)))
        same["errors"] = [
            error_of(lambda: cur.execute("SELECT nothing FROM plain.people")),
            error_of(lambda: cur.execute("SELECT %s::int", ("x",))),
            error_of(lambda: cur.execute("INSERT INTO plain.people VALUES (1, 'x')")),
            error_of(lambda: cur.execute("SELEC 1")),
            error_of(lambda: cur.execute("SELECT 1/0")),
            error_of(lambda: cur.execute("SELECT plain.fail('x')")),
        ]
        cur.execute("SELECT plain.warn('psycopg')")
        same["notices"] = notices

        with conn.transaction(force_rollback=True):
            cur.executemany("INSERT INTO plain.people VALUES (%s, %s, %s)", common.PEOPLE)
            same["batch"] = [show(cur.execute("SELECT count(*), sum(age) FROM plain.people WHERE id >= 100").fetchone())]
            cur.executemany("UPDATE plain.people SET age = age + 1 WHERE id = %s RETURNING age", [(100,), (101,)], returning=True)
            same["returning"] = []
            while True:
                same["returning"].append(show(cur.fetchall()))
                if not cur.nextset():
                    break
            same["returning"].append(show(cur.execute("UPDATE orders SET notes = 'x' WHERE id = 900011 RETURNING id, buyer_name").fetchall()))
            savepoint = error_of(lambda: in_savepoint(conn, "DELETE FROM plain.people WHERE id = 1"))
            same["transactions"] = [savepoint, show(cur.execute("SELECT count(*) FROM plain.people").fetchone())]
            with cur.copy("COPY plain.lines (n, word) FROM STDIN") as copy:
                for n in range(3000):
                    copy.write_row((100000 + n, f"copied {n}\t\\"))
            copied = [show(cur.execute("SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000").fetchone())]
        same["transactions"].append(show(cur.execute("SELECT count(*) FROM plain.people").fetchone()))
        with cur.copy("COPY (SELECT * FROM plain.people ORDER BY id LIMIT 3) TO STDOUT") as copy:
            copied.append(show(list(copy.rows())))
        with cur.copy("COPY plain.people TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "int4", "int4"])
            copied.append(show(sorted(copy.rows())))
        copied.append(error_of(lambda: copy_garbage(cur)))
        same["copy"] = copied

        with conn.pipeline() as pipeline:
            curs = [conn.execute("SELECT %s::int * 2", (n,)) for n in range(50)]
            pipeline.sync()
            same["batch"].append([c.fetchone()[0] for c in curs])
        same["batch"].append(error_of(lambda: in_pipeline(conn, "SELECT 1/0")))
        same["batch"].append(show(conn.execute("SELECT 'after'").fetchone()))

        heard = []
        conn.add_notify_handler(lambda n: heard.append((n.channel, n.payload)))
        conn.execute("LISTEN chat")
        conn.execute("NOTIFY chat, 'hello'")
        conn.execute("SELECT 1")
        same["notifications"] = show(heard)
        threading.Timer(0.3, conn.cancel).start()
        same["cancel"] = [error_of(lambda: conn.execute("SELECT pg_sleep(20)")), show(conn.execute("SELECT 'after'").fetchone())]
        same["metadata"] = show(cur.execute(common.METADATA).fetchall())
        same["large"] = hashlib.sha256(json.dumps(cur.execute(common.LARGE).fetchall()).encode()).hexdigest()
        same["orders"] = [show(cur.execute(common.UNREDACTED).fetchall()), show(cur.execute(common.REPORT).fetchall())]
        for n in range(21):
            template, values = common.ALLOWED[n % 3]
            same["orders"].append(show(cur.execute(text(template, "%b" if n % 2 else "%s"), values).fetchall()))

        by_ids = f"SELECT {common.COLUMNS} FROM orders WHERE id = ANY(%s) ORDER BY id"
        ids = [900001, 900002, 900003]
        rows["text"] = common.rows_of(cur.execute(by_ids, (ids,)).fetchall())
        rows["simple"] = common.rows_of(cur.execute(common.REDACTED).fetchall())
        rows["binary"] = common.rows_of(conn.cursor(binary=True).execute(by_ids, (ids,)).fetchall())
        rows["prepared"] = common.rows_of(cur.execute(by_ids, (ids,), prepare=True).fetchall())
        rows["prepared again"] = common.rows_of(cur.execute(by_ids, (ids,), prepare=True).fetchall())
        rows["stream"] = common.rows_of(cur.stream(by_ids, (ids,)))
        with conn.transaction(), conn.cursor("masked") as named:
            named.itersize = 1
            rows["server-side cursor"] = common.rows_of(named.execute(by_ids, (ids,)))
        with conn.pipeline():
            rows["pipeline"] = common.rows_of(conn.execute(by_ids, (ids,)).fetchall())
        with cur.copy(f"COPY ({common.REDACTED}) TO STDOUT") as copy:
            copy.set_types(["int8", "text", "text", "text"])
            rows["copy"] = common.rows_of(copy.rows())
        with cur.copy(f"COPY ({common.REDACTED}) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int8", "varchar", "varchar", "text"])
            rows["copy, binary"] = common.rows_of(copy.rows())

        query = text(common.FILTER)
        filters["alone"] = filtered(conn, lambda: cur.execute(query, common.FILTER_VALUES).fetchall())
        filters["binary"] = filtered(conn, lambda: conn.cursor(binary=True).execute(text(common.FILTER, "%b"), common.FILTER_VALUES).fetchall())
        filters["prepared"] = filtered(conn, lambda: cur.execute(query, common.FILTER_VALUES, prepare=True).fetchall())
        by_channel = (*common.FILTER_VALUES, "amazon")
        filters["by a parameter"] = filtered(
            conn, lambda: cur.execute(text(common.FILTER_BY_CHANNEL), by_channel).fetchall(), common.FILTER_BY_CHANNEL
        )
        filters["pipeline"] = filtered(conn, lambda: in_pipeline(conn, query, common.FILTER_VALUES))
        with conn.transaction(force_rollback=True):
            filters["savepoint"] = filtered(conn, lambda: in_savepoint(conn, query, common.FILTER_VALUES))
        conn.autocommit = False
        filters["transaction"] = filtered(conn, lambda: cur.execute(query, common.FILTER_VALUES).fetchall(), recover=conn.rollback)
        conn.rollback()
    common.finish(same, rows, filters)


def in_savepoint(conn, query, values=None):
    with conn.transaction():
        return conn.execute(query, values).fetchall()


def in_pipeline(conn, query, values=None):
    with conn.pipeline():
        conn.execute("SELECT 1")
        found = conn.execute(query, values)
        conn.execute("SELECT 2")
    return found.fetchall()


def copy_garbage(cur):
    with cur.copy("COPY plain.people (id, email) FROM STDIN") as copy:
        copy.write("not a number\tx\n")


main()
