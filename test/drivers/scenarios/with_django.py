"""Django's ORM over psycopg2: models, migrations' schema editor, introspection, server-side cursors."""

import hashlib
import json
import os

import common
import django
from common import show
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.db import DatabaseError, connection, models, transaction  # noqa: E402
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Sum  # noqa: E402


class Order(models.Model):
    order_ref = models.CharField(max_length=40)
    channel = models.CharField(max_length=20)
    shipped_at = models.DateTimeField(null=True)
    buyer_name = models.CharField(max_length=120)
    buyer_email = models.CharField(max_length=254, null=True)
    gift_message = models.TextField(null=True)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    notes = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "shop", "orders", False


class Item(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="items")
    sku = models.CharField(max_length=40)

    class Meta:
        app_label, db_table, managed = "shop", "order_items", False


class Person(models.Model):
    id = models.IntegerField(primary_key=True)
    email = models.TextField(unique=True)
    age = models.IntegerField(null=True)
    boss = models.ForeignKey("self", models.CASCADE, db_column="boss", null=True)

    class Meta:
        app_label, db_table, managed = "shop", 'plain"."people', False


class Made(models.Model):
    name = models.CharField(max_length=40, unique=True)
    data = models.JSONField()
    tags = ArrayField(models.TextField())
    at = models.DateTimeField()

    class Meta:
        app_label, db_table = "shop", 'plain"."made_by_django'


def error_of(work):
    try:
        with transaction.atomic():
            work()
    except DatabaseError as error:
        d = error.__cause__.diag
        return {"class": type(error).__name__, "code": d.sqlstate, "message": d.message_primary, "constraint": d.constraint_name}
    raise AssertionError("no error")


def filtered(work):
    try:
        with transaction.atomic():
            result = {"found": list(work())}
    except DatabaseError as error:
        cause = error.__cause__
        name = f"{type(error).__name__} {type(cause).__name__}"
        result = {"error": common.driver_error(name, cause.diag, cause.cursor.query.decode())}
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [common.FINE])
        return {**result, "after": cursor.fetchone()[0]}


def run(query, values=None):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return show(cursor.fetchall())


def undone(work):
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result


def batch():
    Person.objects.bulk_create([Person(id=id, email=email, age=age) for id, email, age in common.PEOPLE], batch_size=20)
    first = show(list(Person.objects.aggregate(Sum("age"), Count("id")).items()))
    people = list(Person.objects.filter(id__gte=100).order_by("id"))
    for person in people:
        person.age += 1
    Person.objects.bulk_update(people, ["age"], batch_size=20)
    return [first, show(list(Person.objects.aggregate(Sum("age"), Count("id")).items()))]


def writes():
    person, created = Person.objects.get_or_create(id=70, defaults={"email": "new@plain.test", "age": 30})
    again, created_again = Person.objects.update_or_create(id=70, defaults={"age": 31})
    updated = Person.objects.filter(id=70).update(age=F("age") + 1)
    order = Order.objects.get(pk=900011)
    order.notes = "seen"
    order.save()
    with connection.schema_editor() as editor:
        editor.create_model(Made)
    made = Made.objects.create(name="one", data={"a": {"b": [1]}}, tags=["x", "y"], at=common.PARAMETERS[7][1])
    found = list(Made.objects.filter(data__a__b__0=1, tags__contains=["x"]).values_list("id", "name", "data", "tags", "at"))
    with connection.schema_editor() as editor:
        field = models.IntegerField(default=7)
        field.set_attributes_from_name("more")
        editor.add_field(Made, field)
        editor.delete_model(Made)
    return show([created, created_again, again.age, updated, Order.objects.get(pk=900011).buyer_name, made.pk, found, person.email])


def savepoints():
    Person.objects.create(id=60, email="sixty@plain.test", age=60)
    failed = error_of(lambda: Person.objects.create(id=61, email="sixty@plain.test"))
    locked = list(Person.objects.select_for_update().filter(id=60).values_list("email", flat=True))
    return [failed, locked, Person.objects.count()]


def introspect():
    with connection.cursor() as cursor:
        i = connection.introspection
        tables = [[t.name, t.type] for t in i.get_table_list(cursor)]
        named = ("orders", "customers", "payments")
        columns = [[list(column) for column in i.get_table_description(cursor, table)] for table in named]
        constraints = [sorted(i.get_constraints(cursor, table).items()) for table in named]
        return show([tables, columns, constraints, [i.get_sequences(cursor, t) for t in named], [i.get_relations(cursor, t) for t in named]])


def entity(order):
    return order.pk, order.buyer_name, order.buyer_email, order.gift_message


def main():
    same, rows, filters = {}, {}, {}
    same["login"] = run(common.LOGIN)
    people = Person.objects.order_by("id")
    same["simple"] = show([list(people.values_list("id", "email", "boss__email")), list(people.values("id")[1:2]), people.filter(email__icontains="ANN").exists()])
    casts = [(type, value) for type, value in common.PARAMETERS if type not in ("bytea", "uuid", "json", "jsonb")]
    same["parameters"] = run("SELECT " + ", ".join(f"%s::{type}" for type, _ in casts), [value for _, value in casts])
    same["prepared"] = show([list(people.filter(pk=n % 4).values_list("email", flat=True)) for n in range(4)])
    same["types"] = run("SELECT id, num, r8, flag, t, d, tm, ts, tsz, span, ints, texts, addr FROM plain.kinds WHERE id IN (1, 3) ORDER BY id")
    with transaction.atomic():
        same["cursor"] = [sum(Item.objects.values_list("id", flat=True).iterator(chunk_size=50))]
    same["errors"] = [
        error_of(lambda: Person.objects.create(id=1, email="x")),
        error_of(lambda: run("SELEC 1")),
        error_of(lambda: run("SELECT 1/0")),
        error_of(lambda: run("SELECT nothing FROM plain.people")),
    ]
    same["batch"] = undone(batch)
    same["returning"] = undone(writes)
    same["transactions"] = [undone(savepoints), Person.objects.count()]
    same["metadata"] = introspect()
    same["large"] = hashlib.sha256(json.dumps(run(common.LARGE)).encode()).hexdigest()
    recent = Order.objects.filter(pk__range=(900011, 900014)).order_by("pk").prefetch_related(Prefetch("items", Item.objects.order_by("pk")))
    same["orders"] = [
        show([[*entity(order), order.total, [item.sku for item in order.items.all()]] for order in recent]),
        show(list(Order.objects.values("channel").annotate(n=Count("id"), sum=Sum("total")).order_by("channel"))),
        show(list(Order.objects.filter(channel__in=["ebay", "shopify"], buyer_name__iexact="EDDA EBERT").values_list("pk", flat=True))),
        show(list(Order.objects.filter(Exists(Item.objects.filter(order=OuterRef("pk"))), channel="ebay").order_by("pk").values_list("pk", flat=True)[:5])),
    ]
    redacted = Order.objects.filter(pk__range=(900001, 900003)).order_by("pk")
    rows["entities"] = common.rows_of(map(entity, redacted))
    rows["values"] = common.rows_of(redacted.values_list("id", "buyer_name", "buyer_email", "gift_message"))
    rows["prefetched"] = common.rows_of(map(entity, redacted.prefetch_related("items")))
    rows["by a join"] = common.rows_of(entity(item.order) for item in Item.objects.filter(order__pk__range=(900001, 900003)).select_related("order").order_by("order__pk"))
    rows["in_bulk"] = common.rows_of(entity(order) for _, order in sorted(Order.objects.in_bulk([900001, 900002, 900003]).items()))
    with transaction.atomic():
        rows["by a cursor"] = common.rows_of(map(entity, redacted.iterator(chunk_size=1)))
    rows["raw"] = common.rows_of(map(entity, Order.objects.raw("SELECT * FROM orders WHERE id BETWEEN %s AND %s ORDER BY id", [900001, 900003])))
    found = Order.objects.filter(buyer_name="Alan Archer", pk__range=(900001, 900100)).order_by("pk").values_list("pk", flat=True)
    filters["alone"] = filtered(lambda: found)
    filters["atomic"] = undone(lambda: filtered(lambda: found))
    filters["iterator"] = undone(lambda: filtered(lambda: found.iterator()))
    common.finish(same, rows, filters)


main()
