/** What random queries can read and write, as the generator has to know it. */

export type Type =
  | 'int'
  | 'bigint'
  | 'numeric'
  | 'degrees'
  | 'text'
  | 'bool'
  | 'date'
  | 'time'
  | 'inet'
  | 'jsonb'
  | 'texts'
  | 'shade'
  | 'pair'
  | 'xml';

/** As SQL. `numeric` always has two decimals here, for equal numbers of different scale are not equal bytes. */
export const SQL_TYPES: Readonly<Record<Type, string>> = {
  int: 'int',
  bigint: 'bigint',
  numeric: 'numeric',
  degrees: 'numeric',
  text: 'text',
  bool: 'boolean',
  date: 'date',
  time: 'timestamptz',
  inet: 'inet',
  jsonb: 'jsonb',
  texts: 'text[]',
  shade: 'shade',
  pair: 'pair',
  xml: 'xml',
};

export interface TableColumn {
  /** As SQL. */
  readonly name: string;
  readonly type: Type;
  readonly protected: boolean;
  /** What it refers to, or is: columns with the same link can be joined. */
  readonly link: string | undefined;
}

export interface Table {
  readonly schema: string;
  /** As SQL. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Unique in the data; undefined where nothing is. */
  readonly key: readonly string[] | undefined;
  /** The column that bounds how much is read, and values that it has. */
  readonly bound: { readonly column: string; readonly values: readonly number[] } | undefined;
  readonly rows: number;
  readonly kind: 'table' | 'view';
  /** Conditions that exclude redacted rows, with $ for the alias. */
  readonly proofs: readonly string[];
  /** It has a primary key of this one column. */
  readonly primaryKey: string | undefined;
  /** A query of it is refused, whatever it asks for. */
  readonly refused: boolean;
  /** All its columns are known here. */
  readonly isWhole: boolean;
  /** What it shows is masked in every row, redacted or not. */
  readonly maskedAlways: boolean;
}

const ORDER_IDS = [900001, 900002, 900003, 900011, 900012, 900013, 900014];
const CUSTOMER_IDS = [900001, 900002, 900011, 900012];

const ORDER_PROOFS = [
  "$.channel = 'ebay'",
  "$.channel <> 'amazon'",
  "$.channel IN ('ebay', 'shopify')",
  "$.payment_terms = 'credit'",
  '$.shipped_at IS NULL',
  "$.shipped_at >= now() - interval '7 days'",
  "($.channel = 'trade' OR $.channel = 'ebay')",
];

const ORDER_COLUMNS =
  'id:bigint@order order_ref:text channel:text status:text customer_id:bigint@customer purchased_at:time shipped_at:time ' +
  'payment_terms:text buyer_name:text! buyer_email:text! buyer_phone:text! ship_address1:text! ship_address2:text! ' +
  'ship_city:text! ship_postcode:text! ship_country:text gift_message:text! ip:inet! geo_lat:degrees! geo_lon:degrees! ' +
  'currency:text total:numeric notes:text';

/** `name:type`, with `@link` and with `!` where it is protected. */
function columns(text: string): readonly TableColumn[] {
  const parts = text.match(/(?:"[^"]*"|[^\s":])+:\S+/g) ?? [];
  return parts.map((part) => {
    const [, name = '', type, link, mark] = /^(.*?):([a-z]+)(?:@([a-z]+))?(!)?$/.exec(part) ?? [];
    return { name, type: type as Type, protected: mark === '!', link };
  });
}

type Options = Partial<Omit<Table, 'name' | 'columns'>>;

function table(name: string, text: string, options: Options = {}): Table {
  return {
    schema: 'public',
    name,
    columns: columns(text),
    key: ['id'],
    bound: { column: 'id', values: ORDER_IDS },
    rows: 400,
    kind: 'table',
    proofs: [],
    primaryKey: 'id',
    refused: false,
    isWhole: true,
    maskedAlways: false,
    ...options,
  };
}

function view(name: string, text: string, options: Options = {}): Table {
  return table(name, text, { kind: 'view', primaryKey: undefined, ...options });
}

const BY_ORDER: Options = { bound: { column: 'order_id', values: ORDER_IDS } };

/** With the weight that each has. */
export const TABLES: readonly (readonly [number, Table])[] = [
  [30, table('orders', ORDER_COLUMNS, { proofs: ORDER_PROOFS })],
  [
    8,
    table(
      'order_addresses',
      'id:bigint order_id:bigint@order kind:text name:text! line1:text! line2:text! city:text! postcode:text! country:text',
      {
        ...BY_ORDER,
        rows: 800,
      },
    ),
  ],
  [
    9,
    table(
      'payments',
      'id:bigint order_id:bigint@order method:text card_holder:text! card_last4:text! iban:text! amount:numeric paid_at:time!',
      BY_ORDER,
    ),
  ],
  [8, table('survey_responses', 'id:bigint order_id:bigint@order rating:int! answer:text! answered_at:time', BY_ORDER)],
  [
    9,
    table('customers', 'id:bigint@customer name:text! email:text! phone:text! created_at:time', {
      bound: { column: 'id', values: CUSTOMER_IDS },
    }),
  ],
  [
    4,
    table('legacy_contacts', 'id:int imported_from:text imported_on:date full_name:text! email:text! phone:text!', {
      bound: { column: 'id', values: [1, 2, 3, 900001, 900002] },
      rows: 100,
      proofs: ["$.imported_from = 'ebay'", "$.imported_from <> 'amazon'"],
    }),
  ],
  [
    4,
    table('visits', 'id:int channel:text day:date visitor:text! agent:text score:int! visitor_hash:text!', {
      key: ['id', 'day'],
      bound: undefined,
      rows: 4,
      primaryKey: undefined,
      proofs: ["$.channel = 'ebay'"],
    }),
  ],
  [
    1,
    table('visits_old', 'id:int channel:text day:date visitor:text! agent:text score:int! visitor_hash:text!', {
      key: ['id', 'day'],
      bound: undefined,
      rows: 3,
      primaryKey: undefined,
      proofs: ["$.channel <> 'amazon'"],
    }),
  ],
  [
    5,
    table(
      'profiles',
      'id:int old:bool "Name":text! nick:text! hair:shade! tags:texts! detail:pair! doc:jsonb! page:xml! born:date! height:numeric! code:text!',
      { bound: undefined, rows: 2, proofs: ['NOT $.old', '$.old = false', '$.old IS FALSE'] },
    ),
  ],
  [
    1,
    table('archived_orders', ORDER_COLUMNS, { bound: undefined, rows: 7, primaryKey: undefined, proofs: ORDER_PROOFS }),
  ],
  // Views and copies
  [3, view('all_orders', ORDER_COLUMNS)],
  [2, view('guarded_orders', ORDER_COLUMNS, { rows: 7 })],
  [2, view('invoked_orders', ORDER_COLUMNS, { rows: 7 })],
  [2, view('recent_orders', ORDER_COLUMNS, { rows: 30 })],
  [
    3,
    view('buyers', 'number:bigint@order channel:text who:text! mail:text!', {
      key: ['number'],
      bound: { column: 'number', values: ORDER_IDS },
    }),
  ],
  [
    2,
    view('loud_buyers', 'number:bigint@order who:text!', {
      key: ['number'],
      bound: { column: 'number', values: ORDER_IDS },
    }),
  ],
  [2, view('every_name', 'id:bigint name:text!', { key: ['id', 'name'], rows: 1200 })],
  [2, view('deep_names', 'id:bigint@order n:text!')],
  [2, view('name_lengths', 'id:bigint@order n:int!')],
  [
    1,
    view('"Odd View"', '"Id":bigint@order "The Name":text!', {
      key: ['"Id"'],
      bound: { column: '"Id"', values: ORDER_IDS },
    }),
  ],
  [
    3,
    view(
      'order_list',
      'id:bigint@order order_ref:text channel:text status:text purchased_at:time shipped_at:time total:numeric customer:text!',
    ),
  ],
  [
    3,
    view(
      'customer_overview',
      'id:bigint@customer name:text! email:text! orders:bigint revenue:numeric last_order:time',
      {
        bound: { column: 'id', values: CUSTOMER_IDS },
      },
    ),
  ],
  [2, view('order_names', 'id:bigint@order channel:text buyer_name:text! n:int!', { maskedAlways: true })],
  [1, view('names_joined', 'channel:text names:text!', { key: ['channel'], bound: undefined, rows: 4 })],
  [0.3, view('orders_of_alan', 'id:bigint@order order_ref:text', { refused: true })],
  [0.2, view('orders_beside_addresses', 'id:bigint@order kind:text line1:text!', { key: undefined, refused: true })],
  // Nothing protected
  [
    5,
    table('order_items', 'id:bigint order_id:bigint@order sku:text@sku title:text quantity:int price:numeric', {
      ...BY_ORDER,
      rows: 900,
    }),
  ],
  [
    4,
    table('products', 'sku:text@sku title:text price:numeric', {
      key: ['sku'],
      bound: undefined,
      rows: 40,
      primaryKey: undefined,
    }),
  ],
  [
    2,
    view('sales_report', 'day:date channel:text orders:bigint revenue:numeric', {
      key: ['day', 'channel'],
      bound: undefined,
    }),
  ],
  [3, table('people', 'id:int email:text age:int boss:int', { schema: 'plain', bound: undefined, rows: 3 })],
  [3, table('orders', 'id:int buyer_name:text total:numeric', { schema: 'plain', bound: undefined, rows: 25 })],
  [1, table('orders', 'id:bigint@order buyer_name:text note:text', { schema: 'other', bound: undefined, rows: 2 })],
  [
    2,
    table('kinds', 'id:int flag:bool t:text v:text jb:jsonb texts:texts addr:inet', {
      schema: 'plain',
      bound: undefined,
      rows: 4,
      isWhole: false,
    }),
  ],
  [
    1,
    table('"Mixed Case"', '"Id":int "select":text "ünï":text', {
      schema: 'plain',
      key: ['"Id"'],
      bound: undefined,
      rows: 1,
      primaryKey: undefined,
    }),
  ],
];

/** Tables that random statements write, all with the key `id`. */
export const WRITTEN: readonly Table[] = TABLES.map(([, t]) => t).filter(
  (t) => t.schema === 'public' && t.kind === 'table' && t.primaryKey === 'id' && t.name !== 'profiles',
);

export function isOrderable(type: Type): boolean {
  return type !== 'xml';
}
