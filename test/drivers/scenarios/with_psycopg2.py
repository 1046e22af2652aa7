"""psycopg2: values are written into the text, on the simple protocol."""

import hashlib
import io
import json
import select
import threading

import common
import psycopg2
import psycopg2.extensions
import psycopg2.extras
from common import show

psycopg2.extras.register_uuid()


def failed(error):
    d = error.diag
    fields = ("severity", "sqlstate", "message_primary", "message_detail", "message_hint", "statement_position", "constraint_name")
    return {"class": type(error).__name__, **{name: getattr(d, name) for name in fields}}


def error_of(work):
    try:
        work()
    except psycopg2.Error as error:
        return failed(error)
    raise AssertionError("no error")


def text(template):
    return template.format(a="%s", b="%s")


def run(cur, query, values=None):
    cur.execute(query, values)
    return cur.fetchall()


def filtered(conn, work, recover=lambda: None):
    try:
        result = {"found": [id for (id,) in work()]}
    except psycopg2.Error as error:
        result = {"error": common.driver_error(type(error).__name__, error.diag, error.cursor.query.decode())}
    recover()
    with conn.cursor() as cur:
        return {**result, "after": run(cur, "SELECT %s", (common.FINE,))[0][0]}


def main():
    same, rows, filters = {}, {}, {}
    conn = psycopg2.connect("")
    conn.autocommit = True
    cur = conn.cursor()
    same["login"] = show(run(cur, common.LOGIN))
    same["simple"] = [show(run(cur, "SELECT * FROM plain.people ORDER BY id")), show(run(cur, "SELECT 1; SELECT 2, 'x'"))]
    query = "SELECT " + ", ".join(f"%s::{type}" for type, _ in common.PARAMETERS)
    same["parameters"] = [
        show([bytes(value) if isinstance(value, memoryview) else value for value in run(cur, query, [value for _, value in common.PARAMETERS])[0]]),
        show(run(cur, "SELECT %(a)s + %(b)s", {"a": 1, "b": 2})),
    ]
    same["prepared"] = []
    cur.execute("PREPARE by_id(int) AS SELECT email FROM plain.people WHERE id = $1")
    for n in range(8):
        same["prepared"].append(show(run(cur, "EXECUTE by_id(%s)", (n % 4,))))
    cur.execute("SELECT * FROM plain.kinds WHERE id IN (1, 3) ORDER BY id")
    kinds = [[bytes(value).hex() if isinstance(value, memoryview) else value for value in row] for row in cur.fetchall()]
    same["types"] = [show(kinds), show([(c.name, c.type_code) for c in cur.description])]

    conn.autocommit = False
    with conn.cursor("server_side") as named:
        named.itersize = 50
        named.execute("SELECT n FROM plain.lines")
        total = sum(row[0] for row in named)
    with conn.cursor("scrolling", scrollable=True) as named:
        named.execute("SELECT id FROM plain.orders ORDER BY id")
        named.scroll(10, mode="absolute")
        same["cursor"] = [total, show(named.fetchmany(2))]
    conn.rollback()
    psycopg2.extras.execute_values(cur, "INSERT INTO plain.people (id, email, age) VALUES %s", common.PEOPLE, page_size=20)
    same["batch"] = [show(run(cur, "SELECT count(*), sum(age) FROM plain.people"))]
    psycopg2.extras.execute_batch(cur, "UPDATE plain.people SET age = %s WHERE id = %s", [(40, 100 + n) for n in range(50)], page_size=20)
    cur.executemany("DELETE FROM plain.people WHERE id = %s", [(100,), (101,)])
    same["batch"].append(show(run(cur, "SELECT count(*), sum(age) FROM plain.people")))
    same["returning"] = [
        show(run(cur, "UPDATE plain.people SET age = age + 1 WHERE id = 102 RETURNING *")),
        show(psycopg2.extras.execute_values(cur, "INSERT INTO plain.people (id, email) VALUES %s RETURNING id", [(90, "a"), (91, "b")], fetch=True)),
        show(run(cur, "UPDATE orders SET notes = 'x' WHERE id = 900011 RETURNING id, buyer_name")),
    ]
    cur.execute("SAVEPOINT s")
    same["transactions"] = [
        error_of(lambda: cur.execute("DELETE FROM plain.people WHERE id = 1")),
        error_of(lambda: cur.execute("SELECT 1")),
        conn.get_transaction_status(),
    ]
    cur.execute("ROLLBACK TO s")
    same["transactions"].append(show(run(cur, "SELECT count(*) FROM plain.people")))
    copied = io.StringIO("".join(f"{100000 + n}\tcopied {n}\n" for n in range(3000)))
    cur.execute("SET search_path TO plain, public")
    cur.copy_from(copied, "lines", columns=("n", "word"))
    same["copy"] = [cur.rowcount, show(run(cur, "SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000"))]
    conn.rollback()
    same["transactions"].append(show(run(cur, "SELECT count(*) FROM plain.people")))
    conn.rollback()
    conn.autocommit = True

    def copy_out(query):
        out = io.StringIO()
        cur.copy_expert(query, out)
        return out.getvalue()

    same["copy"] += [
        copy_out("COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT (FORMAT csv, HEADER)"),
        error_of(lambda: cur.copy_expert("COPY plain.people (id, email) FROM STDIN", io.StringIO("not a number\tx\n"))),
    ]
    same["errors"] = [
        error_of(lambda: cur.execute("SELECT nothing FROM plain.people")),
        error_of(lambda: cur.execute("INSERT INTO plain.people VALUES (1, 'x')")),
        error_of(lambda: cur.execute("SELEC 1")),
        error_of(lambda: cur.execute("SELECT 1/0")),
        error_of(lambda: cur.execute("SELECT plain.fail('x')")),
    ]
    conn.notices.clear()
    cur.execute("SELECT plain.warn('psycopg2')")
    same["notices"] = list(conn.notices)
    cur.execute("LISTEN chat")
    cur.execute("NOTIFY chat, 'hello'")
    while not conn.notifies:
        select.select([conn], [], [], 5)
        conn.poll()
    same["notifications"] = [(n.channel, n.payload) for n in conn.notifies]
    threading.Timer(0.3, conn.cancel).start()
    same["cancel"] = [error_of(lambda: cur.execute("SELECT pg_sleep(20)")), show(run(cur, "SELECT 'after'"))]
    same["metadata"] = show(run(cur, common.METADATA))
    same["large"] = hashlib.sha256(json.dumps(run(cur, common.LARGE)).encode()).hexdigest()
    same["orders"] = [show(run(cur, common.UNREDACTED)), show(run(cur, common.REPORT))]
    same["orders"] += [show(run(cur, text(template), values)) for template, values in common.ALLOWED]

    rows["execute"] = common.rows_of(run(cur, common.REDACTED))
    rows["values"] = common.rows_of(run(cur, f"SELECT {common.COLUMNS} FROM orders WHERE id IN %s ORDER BY id", ((900001, 900002, 900003),)))
    with conn.cursor(cursor_factory=psycopg2.extras.DictCursor) as named:
        rows["as dictionaries"] = common.rows_of(run(named, common.REDACTED))
    cur.execute(f"PREPARE redacted AS {common.REDACTED}")
    rows["prepared"] = common.rows_of(run(cur, "EXECUTE redacted"))
    with conn.cursor("held", withhold=True) as named:
        named.itersize = 1
        named.execute(common.REDACTED)
        rows["held cursor"] = common.rows_of(named)
    copied = [line.split("\t") for line in copy_out(f"COPY ({common.REDACTED}) TO STDOUT").splitlines()]
    rows["copy"] = common.rows_of([[None if value == "\\N" else value for value in line] for line in copied])

    query = text(common.FILTER)
    filters["alone"] = filtered(conn, lambda: run(cur, query, common.FILTER_VALUES))
    filters["by a value"] = filtered(conn, lambda: run(cur, text(common.FILTER_BY_CHANNEL), (*common.FILTER_VALUES, "amazon")))
    conn.autocommit = False
    filters["transaction"] = filtered(conn, lambda: run(cur, query, common.FILTER_VALUES), conn.rollback)
    cur.execute("SAVEPOINT s")
    filters["savepoint"] = filtered(conn, lambda: run(cur, query, common.FILTER_VALUES), lambda: cur.execute("ROLLBACK TO s"))
    conn.rollback()
    conn.close()
    common.finish(same, rows, filters)


main()
