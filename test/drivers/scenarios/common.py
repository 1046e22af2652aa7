"""What the Python scenarios share. Connection settings come from the environment, as libpq reads them."""

import datetime
import decimal
import json
import uuid

COLUMNS = "id, buyer_name, buyer_email, gift_message"
REDACTED = f"SELECT {COLUMNS} FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id"
UNREDACTED = "SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id"
REPORT = "SELECT channel, count(*) AS n, sum(total) AS total FROM orders GROUP BY 1 ORDER BY 1"
LARGE = "SELECT n, repeat(chr(97 + n % 26), 500) AS filler FROM generate_series(1, 5000) n"
LOGIN = "SELECT current_user, system_user, current_database()"
METADATA = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position"

# What stands for a filter's parameters: {a}, {b}, …
FILTER = "SELECT id FROM orders WHERE buyer_name = {a} AND id BETWEEN 900001 AND 900100 ORDER BY id"
FILTER_VALUES = ("Alan Archer",)
FILTER_BY_CHANNEL = "SELECT id FROM orders WHERE buyer_name = {a} AND channel = {b} AND id BETWEEN 900001 AND 900100 ORDER BY id"
SOON = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=7)
ALLOWED = [
    (FILTER_BY_CHANNEL, ("Edda Ebert", "ebay")),
    ("SELECT id FROM orders WHERE channel = ANY({a}) AND buyer_email = {b}", (["ebay", "shopify"], "edda@known.test")),
    ("SELECT id FROM orders WHERE shipped_at >= {a} AND buyer_name = {b}", (SOON, "Nina Neumann")),
]

PARAMETERS = [
    ("int", -41),
    ("bigint", 9007199254740993),
    ("numeric", decimal.Decimal("12.3400")),
    ("text", "it's \\ \"é\" 漢"),
    ("bytea", b"\x00\xff\\'"),
    ("bool", True),
    ("date", datetime.date(2024, 2, 29)),
    ("timestamptz", datetime.datetime(2024, 2, 29, 10, 11, 12, 345, datetime.timezone.utc)),
    ("json", '{"a": [1, null]}'),
    ("jsonb", '{"b": "c"}'),
    ("uuid", uuid.UUID("6f1b1d52-2f0c-4b0a-9f0b-0123456789ab")),
    ("int[]", [1, -2, 3]),
    ("text[]", ["a", "b c", '"', ""]),
    ("float8", 0.1),
    ("interval", datetime.timedelta(days=1, seconds=2)),
    ("text", None),
]
PEOPLE = [(100 + n, f"p{n}@plain.test", 20 + n) for n in range(50)]
FINE = "fine"


def show(value):
    """In a form that JSON has."""
    return json.loads(json.dumps(value, default=repr))


def rows_of(rows):
    return [[int(id), name, email, gift] for id, name, email, gift in rows]


def driver_error(name, error, sql):
    """`error` has the fields of libpq's diagnostics, and `sql` is what the driver sent."""
    return {
        "class": name,
        "code": error.sqlstate,
        "message": error.message_primary,
        "detail": error.message_detail,
        "hint": error.message_hint,
        "at": sql[int(error.statement_position) - 1 :],
    }


def finish(same, rows, filters):
    print(json.dumps({"same": same, "rows": rows, "filters": filters}))
