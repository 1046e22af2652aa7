"""What psycopg gets, as JSON on standard output. Connection settings come from the environment, as libpq reads them."""

import json

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

out = {}


def show(value):
    return json.loads(json.dumps(value, default=repr))


def error_of(work):
    try:
        work()
    except psycopg.Error as error:
        d = error.diag
        fields = ("severity", "sqlstate", "message_primary", "message_detail", "message_hint", "statement_position")
        return {"class": type(error).__name__, **{name: getattr(d, name) for name in fields}}
    raise AssertionError("no error")


with psycopg.connect("", autocommit=True) as conn:
    notices = []
    conn.add_notice_handler(lambda diag: notices.append(diag.message_primary))
    cur = conn.cursor()
    out["every type"] = show(cur.execute("SELECT * FROM plain.kinds WHERE id IN (1, 3) ORDER BY id").fetchall())
    out["description"] = show([(c.name, c.type_code, c.internal_size, c.precision) for c in cur.description])
    out["binary"] = show(
        conn.cursor(binary=True).execute("SELECT id, num, t, bytes, d, ts, uid, jb, ints FROM plain.kinds WHERE id IN (1, 3)").fetchall()
    )
    out["parameters"] = show(cur.execute("SELECT %s, %s::text, %b, %s::jsonb", (1, None, 2, '{"a": 1}')).fetchone())
    out["named"] = show(conn.cursor(row_factory=dict_row).execute("SELECT %(a)s + %(b)s AS s", {"a": 1, "b": 2}).fetchone())
    out["prepared"] = show([cur.execute("SELECT email FROM plain.people WHERE id = %s", (n,), prepare=True).fetchone() for n in (1, 2, 3)])
    out["composed"] = show(
        cur.execute(sql.SQL("SELECT {} FROM {} ORDER BY 1").format(sql.Identifier("Id"), sql.Identifier("plain", "Mixed Case"))).fetchall()
    )
    out["several"] = []
    cur.execute("SELECT 1; SELECT 2, 3; SET work_mem = '4MB'; SELECT 4")
    while True:
        out["several"].append(show(cur.fetchall() if cur.description else cur.statusmessage))
        if not cur.nextset():
            break
    out["error"] = error_of(lambda: cur.execute("SELECT nothing FROM plain.people"))
    out["error with parameters"] = error_of(lambda: cur.execute("SELECT %s::int", ("x",)))
    out["duplicate"] = error_of(lambda: cur.execute("INSERT INTO plain.people VALUES (1, 'x')"))
    cur.execute("SELECT plain.warn('psycopg')")
    out["notices"] = notices

    with conn.transaction(force_rollback=True):
        cur.executemany("INSERT INTO plain.people VALUES (%s, %s, %s)", [(n, f"p{n}", 20 + n) for n in range(100, 120)])
        out["executemany"] = show(cur.execute("SELECT count(*), sum(age) FROM plain.people WHERE id >= 100").fetchone())
        cur.executemany("UPDATE plain.people SET age = age + 1 WHERE id = %s RETURNING age", [(100,), (101,)], returning=True)
        out["returning"] = []
        while True:
            out["returning"].append(show(cur.fetchall()))
            if not cur.nextset():
                break
        try:
            with conn.transaction():
                cur.execute("DELETE FROM plain.people WHERE id = 1")
        except psycopg.errors.ForeignKeyViolation as error:
            out["savepoint"] = error.diag.message_primary
        out["after the savepoint"] = show(cur.execute("SELECT count(*) FROM plain.people").fetchone())
        with cur.copy("COPY plain.lines (n, word) FROM STDIN") as copy:
            for n in range(3000):
                copy.write_row((100000 + n, f"copied {n}\t\\"))
        out["copied in"] = show(cur.execute("SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000").fetchone())
        with cur.copy("COPY (SELECT * FROM plain.people ORDER BY id LIMIT 3) TO STDOUT") as copy:
            out["copied out"] = show(list(copy.rows()))
        with cur.copy("COPY plain.people TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "int4", "int4"])
            out["copied out, binary"] = show(sorted(copy.rows())[:3])

    with conn.transaction():
        with conn.cursor("server_side") as named:
            named.itersize = 50
            out["server-side cursor"] = sum(row[0] for row in named.execute("SELECT n FROM plain.lines"))
        with conn.cursor("scrolling", scrollable=True) as named:
            named.execute("SELECT id FROM plain.orders ORDER BY id")
            named.scroll(10, mode="absolute")
            out["scrolled"] = show(named.fetchmany(2))

    with conn.pipeline() as pipeline:
        curs = [conn.execute("SELECT %s::int * 2", (n,)) for n in range(50)]
        pipeline.sync()
        out["pipeline"] = [c.fetchone()[0] for c in curs]

    def failing_pipeline():
        with conn.pipeline():
            conn.execute("SELECT 1")
            conn.execute("SELECT 1/0")
            conn.execute("SELECT 2")

    out["failing pipeline"] = error_of(failing_pipeline)
    out["after the pipeline"] = show(conn.execute("SELECT 'fine'").fetchone())

    heard = []
    conn.add_notify_handler(lambda n: heard.append((n.channel, n.payload)))
    conn.execute("LISTEN chat")
    conn.execute("NOTIFY chat, 'hello'")
    conn.execute("SELECT 1")
    out["notifications"] = heard

    out["recent order"] = show(cur.execute("SELECT * FROM orders WHERE id = %s", (900011,)).fetchone())
    out["report"] = show(cur.execute("SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1").fetchall())

    # What differs through the gateway, for the test to judge.
    masked = out["masked"] = {}
    text = "SELECT id, buyer_name, buyer_email, gift_message FROM orders WHERE id = ANY(%s) ORDER BY id"
    ids = [900001, 900002, 900003]
    masked["text"] = show(cur.execute(text, (ids,)).fetchall())
    masked["binary"] = show(conn.cursor(binary=True).execute(text, (ids,)).fetchall())
    masked["prepared"] = show(cur.execute(text, (ids,), prepare=True).fetchall())
    with conn.transaction(), conn.cursor("masked") as named:
        named.itersize = 1
        masked["server-side cursor"] = show(list(named.execute(text, (ids,))))
    with conn.pipeline():
        masked["pipeline"] = show(conn.execute(text, (ids,)).fetchall())
    copied = "COPY (SELECT id, buyer_name, buyer_email, gift_message FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id) TO STDOUT"
    with cur.copy(copied) as copy:
        copy.set_types(["int8", "text", "text", "text"])
        masked["copy"] = show(list(copy.rows()))
    with cur.copy(copied + " (FORMAT binary)") as copy:
        copy.set_types(["int8", "varchar", "varchar", "text"])
        masked["copy, binary"] = show(list(copy.rows()))

    def filtered():
        cur.execute("SELECT id FROM orders WHERE buyer_name = %s AND id BETWEEN 900001 AND 900100 ORDER BY id", ("Alan Archer",))
        return cur.fetchall()

    try:
        masked["filter"] = show(filtered())
    except psycopg.Error:
        masked["filter"] = error_of(filtered)

print(json.dumps(out))
