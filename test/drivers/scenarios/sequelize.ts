import { createHash } from 'node:crypto';
import { DataTypes, type Model, type ModelStatic, Op, QueryTypes, Sequelize, type Transaction } from 'sequelize';
import type { Target } from '../../harness/raw-client.js';
import { FINE, type Outcome, type Row } from '../outcome.js';
import { driverError, filtered, type ServerError } from './filtered.js';
import * as texts from './texts.js';

type AnyModel = ModelStatic<Model>;

/** Sequelize: models of the shop's tables, and tables that it makes itself. */
export async function sequelize(target: Target): Promise<Outcome> {
  const { host, port, database, user, password } = target;
  const db = new Sequelize(database, user, password, {
    dialect: 'postgres',
    host,
    port,
    logging: false,
    pool: { max: 2 },
  });
  const models = shopModels(db);
  const { Order, Customer, Item, Person } = models;
  const ids = { id: { [Op.between]: [900001, 900003] } };
  try {
    await db.authenticate();
    return {
      same: {
        login: await db.query(texts.LOGIN.replace('$1', "'server_version'"), { type: QueryTypes.SELECT }),
        simple: [
          await answer(Person.findAll({ order: ['id'] })),
          await answer(Person.findAndCountAll({ where: { age: { [Op.gte]: 18 } }, limit: 1, order: [['id', 'DESC']] })),
          await answer(
            db.query('SELECT :a::int AS a, :b AS b', { replacements: { a: 1, b: "it's" }, type: QueryTypes.SELECT }),
          ),
        ],
        parameters: await answer(db.query(texts.PARAMETERS, { bind: texts.PARAMETER_VALUES, type: QueryTypes.SELECT })),
        prepared: await answer(db.query('SELECT $1::int + $2::int AS n', { bind: [1, 2], type: QueryTypes.SELECT })),
        types: await answer(
          db.query('SELECT * FROM plain.kinds WHERE id IN (1, 3, 4) ORDER BY id', { type: QueryTypes.SELECT }),
        ),
        transactions: await transactions(db, Person),
        errors: [
          await answer(Person.create({ id: 1, email: 'x' })),
          await answer(Person.create({ id: 90, email: 'y', age: 3 })),
          await answer(Person.destroy({ where: { id: 1 } })),
          await answer(db.query('SELEC 1')),
          await answer(db.query('SELECT 1/0')),
          await answer(db.query('SELECT nothing FROM plain.people')),
        ],
        batch: await undone(db, async (transaction) => {
          const many = Array.from({ length: 50 }, (_, n) => ({ id: 100 + n, email: `p${n}@plain.test`, age: 20 + n }));
          return [
            await answer(Person.bulkCreate(many, { transaction, returning: true })),
            await answer(Person.bulkCreate(many, { transaction, updateOnDuplicate: ['age'] })),
            await answer(Person.sum('age', { transaction })),
          ];
        }),
        metadata: await metadata(db),
        returning: await undone(db, async (transaction) => [
          await answer(Person.create({ id: 70, email: 'new@plain.test', age: 30 }, { transaction })),
          await answer(Person.update({ age: 31 }, { where: { id: 70 }, returning: true, transaction })),
          await answer(Person.upsert({ id: 70, email: 'upserted@plain.test', age: 32 }, { transaction })),
          await answer(Person.findOrCreate({ where: { id: 70 }, defaults: { email: 'z' }, transaction })),
          await answer(Person.increment('age', { where: { id: 70 }, transaction })),
          await answer(Order.update({ notes: 'seen' }, { where: { id: 900011 }, transaction })),
          await answer(Order.findByPk(900011, { transaction })),
        ]),
        large: createHash('sha256')
          .update(JSON.stringify(await db.query(texts.LARGE, { type: QueryTypes.SELECT })))
          .digest('hex'),
        orders: [
          await answer(
            Order.findAll({
              where: { id: { [Op.between]: [900011, 900014] } },
              include: [Customer, Item],
              order: ['id'],
            }),
          ),
          await answer(
            Order.findAll({
              attributes: ['channel', [db.fn('count', db.col('id')), 'n'], [db.fn('sum', db.col('total')), 'total']],
              group: ['channel'],
              order: ['channel'],
            }),
          ),
          await answer(
            Order.findAll({ where: { channel: ['ebay', 'shopify'], buyer_name: { [Op.iLike]: '%ebert%' } } }),
          ),
          await answer(Order.count({ where: { channel: 'amazon' } })),
        ],
      },
      rows: {
        model: (await Order.findAll({ where: ids, order: ['id'] })).map(row),
        raw: (await Order.findAll({ where: ids, order: ['id'], raw: true })).map((order) =>
          row({ get: () => order } as never),
        ),
        joined: (await Order.findAll({ where: ids, order: ['id'], include: [Customer, Item] })).map(row),
        bound: (
          await db.query(texts.REDACTED_BY_ID, { bind: [...texts.REDACTED_IDS], model: Order, mapToModel: true })
        ).map(row),
      },
      filters: {
        model: await filteredBy(db, () => Order.findAll(CONDITION)),
        'in a transaction': await undone(db, (transaction) =>
          filteredBy(
            db,
            () => db.transaction({ transaction }, (nested) => Order.findAll({ ...CONDITION, transaction: nested })),
            transaction,
          ),
        ),
      },
    };
  } finally {
    await db.close();
  }
}

const CONDITION = { where: { buyer_name: 'Alan Archer', id: { [Op.between]: [900001, 900100] } }, order: ['id'] };

function shopModels(db: Sequelize) {
  const options = { timestamps: false, underscored: true } as const;
  const Customer = db.define(
    'customer',
    { name: DataTypes.STRING, email: DataTypes.STRING, phone: DataTypes.STRING },
    options,
  );
  const Item = db.define(
    'order_item',
    { order_id: DataTypes.BIGINT, sku: DataTypes.STRING, quantity: DataTypes.INTEGER, price: DataTypes.DECIMAL },
    options,
  );
  const Order = db.define(
    'order',
    {
      order_ref: DataTypes.STRING,
      channel: DataTypes.STRING,
      customer_id: DataTypes.BIGINT,
      shipped_at: DataTypes.DATE,
      buyer_name: DataTypes.STRING,
      buyer_email: DataTypes.STRING,
      gift_message: DataTypes.TEXT,
      total: DataTypes.DECIMAL,
      notes: DataTypes.TEXT,
    },
    options,
  );
  Order.belongsTo(Customer, { foreignKey: 'customer_id' });
  Order.hasMany(Item, { foreignKey: 'order_id' });
  const Person = db.define(
    'person',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, email: DataTypes.TEXT, age: DataTypes.INTEGER },
    { ...options, schema: 'plain', tableName: 'people' },
  );
  return { Customer, Item, Order, Person };
}

function row(order: Model): Row {
  const { id, buyer_name, buyer_email, gift_message } = order.get({ plain: true });
  return [Number(id), buyer_name, buyer_email, gift_message];
}

/** As JSON, for a model's instance holds the connection and its timings. */
async function answer(work: Promise<unknown>): Promise<unknown> {
  return work.then((result) => JSON.parse(JSON.stringify(result ?? null)), failed);
}

function failed(
  error: Error & { parent?: ServerError; errors?: readonly { message: string; path: string }[] },
): unknown {
  const { code, detail, hint, position } = error.parent ?? ({} as Partial<ServerError>);
  const errors = error.errors?.map(({ message, path }) => ({ message, path }));
  return { class: error.name, message: error.message, errors, code, detail, hint, position };
}

class Undo extends Error {}

async function undone<T>(db: Sequelize, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  let result: T;
  await db
    .transaction(async (transaction) => {
      result = await work(transaction);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return result!;
}

async function transactions(db: Sequelize, Person: AnyModel): Promise<unknown> {
  return [
    await undone(db, async (transaction) => [
      await answer(Person.create({ id: 60, email: 'sixty@plain.test', age: 60 }, { transaction })),
      await answer(
        db.transaction({ transaction }, (nested) => Person.create({ id: 1, email: 'x' }, { transaction: nested })),
      ),
      await answer(Person.count({ transaction })),
      await answer(Person.findOne({ where: { id: 60 }, lock: true, transaction })),
    ]),
    await answer(Person.count()),
  ];
}

async function metadata(db: Sequelize): Promise<unknown> {
  const queries = db.getQueryInterface();
  const Made = db.define(
    'made_by_sequelize',
    {
      name: { type: DataTypes.STRING(40), allowNull: false, unique: true },
      mood: DataTypes.ENUM('sad', 'ok'),
      tags: DataTypes.ARRAY(DataTypes.TEXT),
      data: DataTypes.JSONB,
    },
    { schema: 'plain', indexes: [{ fields: ['data'], using: 'gin' }] },
  );
  const table = { tableName: 'made_by_sequelizes', schema: 'plain' };
  try {
    await Made.sync({ force: true });
    await Made.create({ name: 'one', mood: 'ok', tags: ['a', 'b'], data: { a: { b: 1 } } });
    const found = await Made.findAll({
      where: { tags: { [Op.contains]: ['a'] }, 'data.a.b': 1 },
      attributes: ['name', 'tags', 'data'],
    });
    await Made.sync({ alter: true });
    await queries.addColumn(table, 'more', { type: DataTypes.INTEGER, defaultValue: 7 });
    const indexes = (await queries.showIndex('orders')) as { name: string; fields: unknown; unique: boolean }[];
    return [
      await answer(Promise.resolve(found)),
      await answer(queries.describeTable(table)),
      await answer(queries.describeTable('orders')),
      indexes.map(({ name, fields, unique }) => ({ name, fields, unique })),
      await answer(queries.showAllTables()),
      await answer(queries.getForeignKeyReferencesForTable('orders')),
    ];
  } finally {
    await Made.drop();
    await db.query('DROP TYPE IF EXISTS plain.enum_made_by_sequelizes_mood');
  }
}

function filteredBy(db: Sequelize, find: () => Promise<readonly Model[]>, transaction: Transaction | null = null) {
  return filtered(
    async () => (await find()).map((order) => order.get('id')),
    (error: Error & { sql: string; parent: ServerError }) => driverError(error.name, error.parent, error.sql),
    async () => {
      const [found] = await db.query<{ a: string }>(`SELECT '${FINE}' AS a`, { type: QueryTypes.SELECT, transaction });
      return found?.a;
    },
  );
}
