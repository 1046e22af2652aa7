/**
 * The same shop with other protected values in its redacted rows, to try whether any of them gets through. Redacted rows
 * and protected columns are those of config/demo.yaml. What a mask shows of a value (a domain, a network, a month, …)
 * stays as it is, and so do the columns with linkable tokens, which are made of the value.
 */
import { type Random, seededRandom } from './random.js';
import { isRedactedContact, isRedactedOrder, makeAnswer, makeGreeting } from './shop-data.js';
import { makeAddress, makeAlias, makeIban, makeName, makePhone } from './shop-people.js';
import type { OrderRow, Shop } from './shop-rows.js';
import { COUNTRIES, type Country } from './shop-words.js';

type Secrets<Row> = { readonly [Column in keyof Row]?: (random: Random, row: Row, country: Country) => Row[Column] };

type Secret<Table extends keyof Shop> = Secrets<Shop[Table][number]>;

/** Where masks hide whether there is a value, NULL takes the place of values, and values that of NULL. */
const ORDERS: Secret<'orders'> = {
  buyer_name: (random, _row, country) => makeName(random, country),
  buyer_email: (random, { buyer_email }) => buyer_email && makeAlias(random, buyer_email.replace(/^.*@/, '')),
  buyer_phone: (random, { buyer_phone }) => otherMiddle(random, buyer_phone, 3, 2),
  ship_address1: (random, _row, country) => makeAddress(random, country).line1,
  ship_address2: (random, _row, country) => makeAddress(random, country).line2,
  ship_city: (random, _row, country) => (random.chance(0.9) ? makeAddress(random, country).city : null),
  ship_postcode: (random, { ship_postcode }) => otherMiddle(random, ship_postcode, 1, 0),
  gift_message: (random, _row, country) => (random.chance(0.1) ? makeGreeting(random, country) : null),
  ip: (random, { ip }) => ip && otherHost(random, ip),
  geo_lat: (random, { geo_lat }) => geo_lat && otherDigits(random, geo_lat),
  geo_lon: (random, { geo_lon }) => geo_lon && otherDigits(random, geo_lon),
};
const ORDER_ADDRESSES: Secret<'order_addresses'> = {
  name: (random, _row, country) => makeName(random, country),
  line1: (random, _row, country) => makeAddress(random, country).line1,
  line2: (random, _row, country) => makeAddress(random, country).line2,
  city: (random, _row, country) => (random.chance(0.9) ? makeAddress(random, country).city : null),
  postcode: (random, { postcode }) => otherMiddle(random, postcode, 1, 0),
};
const PAYMENTS: Secret<'payments'> = {
  card_holder: (random, _row, country) => (random.chance(0.6) ? makeName(random, country) : null),
  card_last4: (random) => (random.chance(0.6) ? random.digits(4) : null),
  iban: (random, _row, country) => (random.chance(0.3) ? makeIban(random, country) : null),
  paid_at: (random, { paid_at }) => paid_at && otherDay(random, paid_at),
};
const SURVEY_RESPONSES: Secret<'survey_responses'> = {
  rating: (random) => (random.chance(0.9) ? random.integer(1, 5) : null),
  answer: (random, _row, country) => (random.chance(0.7) ? makeAnswer(random, country) : null),
};
const CUSTOMERS: Secret<'customers'> = {
  name: (random, _row, country) => makeName(random, country),
  phone: (random, _row, country) => (random.chance(0.7) ? makePhone(random, country) : null),
};
const LEGACY_CONTACTS: Secret<'legacy_contacts'> = {
  full_name: (random, _row, country) => makeName(random, country),
  phone: (random, _row, country) => (random.chance(0.6) ? makePhone(random, country) : null),
};

/** Columns whose values differ in redacted rows, by table. */
export const SECRET_COLUMNS = {
  customers: Object.keys(CUSTOMERS),
  orders: Object.keys(ORDERS),
  order_addresses: Object.keys(ORDER_ADDRESSES),
  payments: Object.keys(PAYMENTS),
  survey_responses: Object.keys(SURVEY_RESPONSES),
  legacy_contacts: Object.keys(LEGACY_CONTACTS),
} as const satisfies Partial<Record<keyof Shop, readonly string[]>>;

export function withOtherSecrets(shop: Shop, now: Date): Shop {
  const redacted = new Set(shop.orders.filter((order) => isRedactedOrder(order, now)).map((order) => order.id));
  const customers = redactedCustomers(shop.orders, redacted);
  const ofOrder = (row: { readonly order_id: number }): boolean => redacted.has(row.order_id);
  return {
    ...shop,
    customers: replace('customers', shop.customers, CUSTOMERS, (row) => customers.has(row.id)),
    orders: replace('orders', shop.orders, ORDERS, (row) => redacted.has(row.id)),
    order_addresses: replace('order_addresses', shop.order_addresses, ORDER_ADDRESSES, ofOrder),
    payments: replace('payments', shop.payments, PAYMENTS, ofOrder),
    survey_responses: replace('survey_responses', shop.survey_responses, SURVEY_RESPONSES, ofOrder),
    legacy_contacts: replace('legacy_contacts', shop.legacy_contacts, LEGACY_CONTACTS, (row) =>
      isRedactedContact(row, now),
    ),
  };
}

/** Those with a redacted order. */
function redactedCustomers(orders: readonly OrderRow[], redacted: ReadonlySet<number>): ReadonlySet<number | null> {
  return new Set(orders.filter((order) => redacted.has(order.id)).map((order) => order.customer_id));
}

/** The mask of a text too short to show its ends, and of NULL, is the same for all. */
function otherMiddle(random: Random, text: string | null, first: number, last: number): string | null {
  if (text === null) return random.chance(0.5) ? random.digits(first + last) : null;
  return text.slice(0, first) + random.digits(random.integer(3, 9)) + text.slice(text.length - last);
}

/** In the same /24, or /48. */
function otherHost(random: Random, ip: string): string {
  if (!ip.includes(':')) return ip.replace(/\d+$/, String(random.integer(1, 254)));
  const network = ip.split(':').slice(0, 3).join(':');
  return `${network}:${random.integer(1, 0xffff).toString(16)}::${random.integer(1, 0xffff).toString(16)}`;
}

/** With the same first decimal. */
function otherDigits(random: Random, number: string): string {
  return number.slice(0, -5) + random.digits(5);
}

/** In the same month, in UTC. */
function otherDay(random: Random, time: string): string {
  return `${time.slice(0, 8)}${random.integer(10, 28)}${time.slice(10)}`;
}

function replace<Row extends { readonly id: number }>(
  table: string,
  rows: readonly Row[],
  secrets: Secrets<Row>,
  isRedacted: (row: Row) => boolean,
): readonly Row[] {
  const columns = Object.keys(secrets) as (keyof Row)[];
  return rows.map((row) => {
    if (!isRedacted(row)) return row;
    const random = seededRandom(`other secrets of ${table} ${row.id}`);
    const country = random.pick(COUNTRIES);
    const other = { ...row };
    for (const column of columns) other[column] = secrets[column]!(random, row, country);
    return other;
  });
}
