"""SQLAlchemy over psycopg2: core, ORM, reflection, server-side cursors."""

import hashlib
import json
import os

import common
import sqlalchemy as sa
from common import show
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

Base = declarative_base()


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    order_ref = sa.Column(sa.String)
    channel = sa.Column(sa.String)
    shipped_at = sa.Column(sa.DateTime(timezone=True))
    buyer_name = sa.Column(sa.String)
    buyer_email = sa.Column(sa.String)
    gift_message = sa.Column(sa.Text)
    total = sa.Column(sa.Numeric)
    notes = sa.Column(sa.Text)
    items = relationship("Item", order_by="Item.id")


class Item(Base):
    __tablename__ = "order_items"
    id = sa.Column(sa.BigInteger, primary_key=True)
    order_id = sa.Column(sa.BigInteger, sa.ForeignKey("orders.id"))
    sku = sa.Column(sa.String)


class Person(Base):
    __tablename__ = "people"
    __table_args__ = {"schema": "plain"}
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.Text, nullable=False)
    age = sa.Column(sa.Integer)


MADE = sa.Table(
    "made_by_sqlalchemy",
    sa.MetaData(schema="plain"),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, unique=True),
    sa.Column("mood", sa.Enum("sad", "ok", name="mood_of_sqlalchemy")),
    sa.Column("data", postgresql.JSONB),
    sa.Column("tags", postgresql.ARRAY(sa.Text)),
    sa.Index("made_by_sqlalchemy_data", "data", postgresql_using="gin"),
)
FILTERED = sa.select(Order.id).where(Order.buyer_name == "Alan Archer", Order.id.between(900001, 900100)).order_by(Order.id)
REDACTED = (
    sa.select(Order.id, Order.buyer_name, Order.buyer_email, Order.gift_message)
    .where(Order.id.between(900001, 900003))
    .order_by(Order.id)
)


def rows_of(result):
    return show([list(row) for row in result])


def error_of(conn, statement, *args):
    try:
        with conn.begin_nested():
            conn.execute(statement, *args)
    except sa.exc.DBAPIError as error:
        d = error.orig.diag
        return {"class": type(error).__name__, "code": d.sqlstate, "message": d.message_primary, "sql": error.statement, "constraint": d.constraint_name}
    raise AssertionError("no error")


def filtered(conn, work):
    try:
        result = {"found": [id for (id,) in work()]}
    except sa.exc.DBAPIError as error:
        name = f"{type(error).__name__} {type(error.orig).__name__}"
        result = {"error": common.driver_error(name, error.orig.diag, error.orig.cursor.query.decode())}
    return {**result, "after": conn.execute(sa.select(sa.literal(common.FINE))).scalar()}


def nested(conn, statement):
    with conn.begin_nested():
        return conn.execute(statement).all()


def entity(order):
    return order.id, order.buyer_name, order.buyer_email, order.gift_message


def reflect(conn):
    inspector = sa.inspect(conn)
    tables = [(name, None) for name in ("orders", "customers", "order_items", "payments")]
    tables += [(name, "plain") for name in ("people", "kinds", "made_by_sqlalchemy")]
    return [
        [
            table,
            [[column["name"], str(column["type"]), column["nullable"], column["default"]] for column in inspector.get_columns(table, schema)],
            inspector.get_pk_constraint(table, schema),
            inspector.get_foreign_keys(table, schema),
            sorted(index["name"] for index in inspector.get_indexes(table, schema)),
            sorted(unique["name"] for unique in inspector.get_unique_constraints(table, schema)),
            inspector.get_check_constraints(table, schema),
        ]
        for table, schema in tables
        if table != "kinds"
    ] + [inspector.get_schema_names(), inspector.get_table_names("plain"), inspector.get_view_names(), inspector.get_enums("plain")]


def main():
    same, rows, filters = {}, {}, {}
    url = sa.engine.URL.create(
        "postgresql+psycopg2", os.environ["PGUSER"], os.environ["PGPASSWORD"], os.environ["PGHOST"], int(os.environ["PGPORT"]), os.environ["PGDATABASE"]
    )
    engine = sa.create_engine(url, future=True)
    with engine.connect() as conn:
        same["login"] = rows_of(conn.execute(sa.text(common.LOGIN)))
        people = sa.select(Person.id, Person.email, Person.age).order_by(Person.id)
        same["simple"] = [rows_of(conn.execute(people)), rows_of(conn.execute(people.limit(1).offset(1)))]
        query = "SELECT " + ", ".join(f"CAST(:p{n} AS {type}) AS p{n}" for n, (type, _) in enumerate(common.PARAMETERS) if type not in ("bytea", "uuid"))
        values = {f"p{n}": value for n, (type, value) in enumerate(common.PARAMETERS) if type not in ("bytea", "uuid")}
        same["parameters"] = rows_of(conn.execute(sa.text(query), values))
        same["prepared"] = [rows_of(conn.execute(people.where(Person.id == n % 4))) for n in range(4)]
        same["types"] = rows_of(conn.execute(sa.text("SELECT id, num, r8, flag, t, d, tm, ts, tsz, span, jb, ints, texts, addr FROM plain.kinds WHERE id IN (1, 3)")))
        lines = sa.text("SELECT n FROM plain.lines").execution_options(stream_results=True, yield_per=50)
        same["cursor"] = sum(row[0] for row in conn.execute(lines))
        same["errors"] = [
            error_of(conn, sa.insert(Person), {"id": 1, "email": "x"}),
            error_of(conn, sa.text("SELECT nothing FROM plain.people")),
            error_of(conn, sa.text("SELEC 1")),
            error_of(conn, sa.text("SELECT 1/0")),
        ]
        conn.rollback()
        conn.execute(sa.insert(Person), [{"id": id, "email": email, "age": age} for id, email, age in common.PEOPLE])
        upsert = postgresql.insert(Person).values([{"id": 100, "email": "x"}, {"id": 99, "email": "y"}])
        same["batch"] = [
            conn.execute(sa.select(sa.func.count(), sa.func.sum(Person.age))).all()[0]._asdict(),
            conn.execute(upsert.on_conflict_do_update(index_elements=[Person.id], set_={"email": upsert.excluded.email})).rowcount,
        ]
        same["returning"] = [
            rows_of(conn.execute(sa.update(Person).where(Person.id == 100).values(age=Person.age + 1).returning(Person.id, Person.age))),
            rows_of(conn.execute(sa.update(Order.__table__).where(Order.id == 900011).values(notes="x").returning(Order.id, Order.buyer_name))),
            rows_of(conn.execute(sa.delete(Person).where(Person.id == 99).returning(Person.email))),
        ]
        conn.rollback()
        same["batch"] = show(same["batch"])
        same["large"] = hashlib.sha256(json.dumps([list(row) for row in conn.execute(sa.text(common.LARGE))]).encode()).hexdigest()
        MADE.create(conn)
        conn.execute(sa.insert(MADE), {"name": "one", "mood": "ok", "data": {"a": 1}, "tags": ["x"]})
        conn.commit()
        same["metadata"] = [show(reflect(conn)), rows_of(conn.execute(sa.select(MADE)))]
        reflected = sa.Table("orders", sa.MetaData(), autoload_with=conn)
        same["metadata"].append([[column.name, str(column.type)] for column in reflected.columns])
        rows["core"] = rows_of(conn.execute(REDACTED))
        rows["reflected table"] = common.rows_of(
            [(r.id, r.buyer_name, r.buyer_email, r.gift_message) for r in conn.execute(sa.select(reflected).where(reflected.c.id.between(900001, 900003)).order_by(reflected.c.id))]
        )
        rows["text"] = common.rows_of(conn.execute(sa.text(common.REDACTED)))
        rows["streamed"] = common.rows_of(conn.execute(REDACTED.execution_options(stream_results=True, max_row_buffer=1)))
        conn.rollback()
        with conn.begin():
            filters["savepoint"] = filtered(conn, lambda: nested(conn, FILTERED))
        filters["transaction"] = filtered_outside(engine)
        MADE.drop(conn)
        conn.commit()
    with Session(engine, future=True) as session:
        orders = sa.select(Order).order_by(Order.id)
        recent = session.execute(orders.where(Order.id.between(900011, 900014)).options(selectinload(Order.items))).scalars().all()
        by_channel = sa.select(Order.channel, sa.func.count(), sa.func.sum(Order.total)).group_by(Order.channel).order_by(Order.channel)
        allowed = sa.select(Order.id).where(Order.channel.in_(["ebay", "shopify"]), Order.buyer_name == "Edda Ebert")
        same["orders"] = [
            show([[*entity(order), order.total, [item.sku for item in order.items]] for order in recent]),
            rows_of(session.execute(by_channel)),
            rows_of(session.execute(allowed)),
        ]
        between = orders.where(Order.id.between(900001, 900003))
        rows["entities"] = common.rows_of(map(entity, session.execute(between).scalars()))
        session.expire_all()
        rows["with selectinload"] = common.rows_of(map(entity, session.execute(between.options(selectinload(Order.items))).scalars()))
        session.expire_all()
        rows["by key"] = common.rows_of(entity(session.get(Order, id)) for id in (900001, 900002, 900003))
        session.add(Person(id=60, email="sixty@plain.test", age=60))
        session.flush()
        try:
            with session.begin_nested():
                session.add(Person(id=61, email="sixty@plain.test", age=60))
        except sa.exc.IntegrityError as error:
            same["transactions"] = [error.orig.diag.constraint_name]
        person = session.execute(sa.select(Person).where(Person.id == 60).with_for_update()).scalar_one()
        person.age = 61
        session.flush()
        session.refresh(person)
        same["transactions"].append([person.email, person.age])
        session.rollback()
        same["transactions"].append(session.execute(sa.select(sa.func.count()).select_from(Person)).scalar())
        filters["session"] = filtered(session, lambda: in_nested(session))
    common.finish(same, rows, filters)


def filtered_outside(engine):
    """With a rollback of the whole transaction."""
    with engine.connect() as conn:

        def work():
            try:
                return conn.execute(FILTERED).all()
            finally:
                conn.rollback()

        return filtered(conn, work)


def in_nested(session):
    with session.begin_nested():
        return session.execute(FILTERED).all()


main()
