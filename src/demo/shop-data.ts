/**
 * The sample shop's rows: the same every time for the same `orders` and `now`, but for the days, which count back from
 * `now`.
 */
import { type Random, seededRandom } from './random.js';
import {
  type Address,
  makeAddress,
  makeAlias,
  makeCompany,
  makeEmail,
  makeIban,
  makeIp,
  makeName,
  makePhone,
} from './shop-people.js';
import type {
  AddressRow,
  Channel,
  CustomerRow,
  ItemRow,
  LegacyContactRow,
  OrderRow,
  PaymentRow,
  Shop,
  SurveyRow,
} from './shop-rows.js';
import { ANSWERS, COUNTRIES, type Country, GREETINGS, NOTES, PRODUCTS, WORDS } from './shop-words.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHOP_DAYS = 120;
/** How many days after shipping the shop's Amazon orders are past their retention. */
export const RETENTION_DAYS = 30;
const LEGACY_CONTACTS = 300;

/** A customer and what the orders copy of them. */
interface Buyer {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly address: Address;
  readonly aliases: Readonly<Record<Channel, string>>;
  readonly ip: string;
  readonly cardLast4: string;
  readonly iban: string;
}

/** All rows of the shop. `orders`: how many; customers, items, addresses, payments and answers come with them. */
export function makeShop(options: { readonly orders: number; readonly now: Date }): Shop {
  const random = seededRandom('pgveil shop');
  const now = options.now.getTime();
  const traders = makeBuyers(random, Math.max(2, Math.ceil(options.orders / 200)), 1, true);
  const consumers = makeBuyers(random, Math.max(5, Math.ceil(options.orders / 3)), traders.length + 1, false);
  const shop = {
    customers: [...traders, ...consumers].map((buyer) => makeCustomer(buyer, now)),
    products: PRODUCTS.map(([sku, title, price]) => ({ sku, title, price: price.toFixed(2) })),
    orders: [] as OrderRow[],
    order_items: [] as ItemRow[],
    order_addresses: [] as AddressRow[],
    payments: [] as PaymentRow[],
    survey_responses: [] as SurveyRow[],
    legacy_contacts: makeLegacyContacts(random, now),
  };
  for (let id = 1; id <= options.orders; id++) {
    const channel = makeChannel(random);
    const pool = channel === 'trade' ? traders : consumers;
    // Some buy often, most once or twice.
    const buyer = pool[Math.floor(random.fraction() ** 1.6 * pool.length)]!;
    const age = (SHOP_DAYS * DAY * (options.orders - id + random.fraction())) / options.orders;
    const items = makeItems(random, id, shop.order_items.length);
    const total = items.reduce((sum, item) => sum + item.quantity * Number(item.price), 0);
    const order = makeOrder(random, { id, channel, buyer, purchased: now - age, now, total });
    shop.orders.push(order);
    shop.order_items.push(...items);
    shop.order_addresses.push(...makeAddresses(random, order, buyer, shop.order_addresses.length));
    shop.payments.push(makePayment(random, order, buyer, now));
    if (order.shipped_at && random.chance(0.08)) {
      const answered = Date.parse(order.shipped_at) + random.integer(2, 9) * DAY;
      if (answered < now) shop.survey_responses.push(makeSurvey(random, order, answered, shop.survey_responses.length));
    }
  }
  return shop;
}

/** The shop's rule, as config/demo.yaml has it: shipped over 30 days ago through Amazon, unless on credit. */
export function isRedactedOrder(order: OrderRow, now: Date): boolean {
  if (order.channel !== 'amazon' || order.payment_terms === 'credit' || !order.shipped_at) return false;
  return Date.parse(order.shipped_at) < now.getTime() - RETENTION_DAYS * DAY;
}

/** The same for contacts of the legacy import, which tell the day of the import only. */
export function isRedactedContact(contact: LegacyContactRow, now: Date): boolean {
  return contact.imported_from === 'amazon' && contact.imported_on < day(now.getTime() - RETENTION_DAYS * DAY);
}

export function makeGreeting(random: Random, country: Country): string {
  return random.pick(GREETINGS).replace('{name}', makeName(random, country).split(' ')[0]!);
}

export function makeAnswer(random: Random, country: Country): string {
  return random.pick(ANSWERS).replace('{name}', makeName(random, country));
}

function makeBuyers(random: Random, count: number, firstId: number, trade: boolean): Buyer[] {
  return Array.from({ length: count }, (_, index) => {
    const country = random.pick(COUNTRIES);
    const name = trade ? makeCompany(random) : makeName(random, country);
    const email = makeEmail(random, country, name);
    return {
      id: firstId + index,
      name,
      email,
      phone: random.chance(0.8) ? makePhone(random, country) : null,
      address: makeAddress(random, country),
      aliases: {
        amazon: makeAlias(random, WORDS[country].amazon),
        ebay: makeAlias(random, 'members.ebay.com'),
        shopify: email,
        trade: email,
      },
      ip: makeIp(random),
      cardLast4: random.digits(4),
      iban: makeIban(random, country),
    };
  });
}

function makeCustomer({ id, name, email, phone }: Buyer, now: number): CustomerRow {
  return { id, name, email, phone, created_at: moment(now - (SHOP_DAYS + 1 + ((id * 37) % 900)) * DAY) };
}

function makeChannel(random: Random): Channel {
  const share = random.fraction();
  return share < 0.45 ? 'amazon' : share < 0.7 ? 'ebay' : share < 0.92 ? 'shopify' : 'trade';
}

function makeOrder(
  random: Random,
  given: { id: number; channel: Channel; buyer: Buyer; purchased: number; now: number; total: number },
): OrderRow {
  const { id, channel, buyer, purchased, now } = given;
  const { address } = buyer;
  const country = address.country;
  const cancelled = random.chance(0.02);
  const shipped = shippingTime(purchased + random.integer(6, 80) * HOUR, now);
  const shippedAt = cancelled || shipped > now ? null : moment(shipped);
  const delivered = shipped < now - 5 * DAY;
  const online = channel === 'trade' ? 0.1 : 0.7;
  const located = random.chance(online);
  const guest = channel === 'shopify' && random.chance(0.1);
  const onCredit = random.chance(channel === 'trade' ? 0.85 : channel === 'amazon' ? 0.03 : 0);
  return {
    id,
    order_ref: makeReference(random, channel, id),
    channel,
    status: cancelled ? 'cancelled' : !shippedAt ? 'pending' : delivered ? 'delivered' : 'shipped',
    customer_id: guest ? null : buyer.id,
    purchased_at: moment(purchased),
    shipped_at: shippedAt,
    payment_terms: onCredit ? 'credit' : 'prepaid',
    buyer_name: buyer.name,
    buyer_email: random.chance(0.97) ? buyer.aliases[channel] : null,
    buyer_phone: buyer.phone,
    ship_address1: address.line1,
    ship_address2: address.line2,
    ship_city: address.city,
    ship_postcode: address.postcode,
    ship_country: country,
    gift_message: channel !== 'trade' && random.chance(0.06) ? makeGreeting(random, country) : null,
    ip: random.chance(online) ? buyer.ip : null,
    geo_lat: located ? address.lat.toFixed(6) : null,
    geo_lon: located ? address.lon.toFixed(6) : null,
    currency: 'EUR',
    total: given.total.toFixed(2),
    notes: random.chance(0.04) ? random.pick(NOTES) : null,
  };
}

/** Nothing becomes redacted within the hour after `now`, nor has within the hour before: tests and the demo run then. */
function shippingTime(time: number, now: number): number {
  const edge = now - RETENTION_DAYS * DAY;
  return Math.abs(time - edge) < HOUR ? time + 2 * HOUR : time;
}

function makeReference(random: Random, channel: Channel, id: number): string {
  const serial = String(id).padStart(7, '0');
  switch (channel) {
    case 'amazon':
      return `${random.integer(100, 999)}-${random.digits(7)}-${serial}`;
    case 'ebay':
      return `${10 + Math.floor(id / 100_000)}-${random.digits(5)}-${serial.slice(-5)}`;
    case 'shopify':
      return `#S${serial}`;
    case 'trade':
      return `PO-${serial}`;
    default:
      return channel satisfies never;
  }
}

function makeItems(random: Random, orderId: number, before: number): ItemRow[] {
  return Array.from({ length: random.chance(0.7) ? 1 : random.integer(2, 4) }, (_, index) => {
    const [sku, title, price] = random.pick(PRODUCTS);
    const quantity = random.chance(0.85) ? 1 : random.integer(2, 6);
    return { id: before + index + 1, order_id: orderId, sku, title, quantity, price: price.toFixed(2) };
  });
}

function makeAddresses(random: Random, order: OrderRow, buyer: Buyer, before: number): AddressRow[] {
  const row = (index: number, kind: 'billing' | 'shipping', name: string, address: Address): AddressRow => ({
    id: before + index,
    order_id: order.id,
    kind,
    name,
    line1: address.line1,
    line2: address.line2,
    city: address.city,
    postcode: address.postcode,
    country: address.country,
  });
  const { country } = buyer.address;
  const elsewhere = order.gift_message !== null || random.chance(0.1);
  return [
    row(1, 'shipping', order.gift_message === null ? buyer.name : makeName(random, country), buyer.address),
    row(2, 'billing', buyer.name, elsewhere ? makeAddress(random, country) : buyer.address),
  ];
}

function makePayment(random: Random, order: OrderRow, buyer: Buyer, now: number): PaymentRow {
  const onCredit = order.payment_terms === 'credit';
  const method = onCredit ? 'invoice' : random.chance(0.7) ? 'card' : random.chance(0.5) ? 'paypal' : 'sepa';
  const due = Date.parse(order.purchased_at) + (onCredit ? RETENTION_DAYS * DAY : 0);
  return {
    id: order.id,
    order_id: order.id,
    method,
    card_holder: method === 'card' ? buyer.name : null,
    card_last4: method === 'card' ? buyer.cardLast4 : null,
    iban: method === 'sepa' || method === 'invoice' ? buyer.iban : null,
    amount: order.total,
    paid_at: due > now || order.status === 'cancelled' ? null : moment(due),
  };
}

function makeSurvey(random: Random, order: OrderRow, answered: number, before: number): SurveyRow {
  return {
    id: before + 1,
    order_id: order.id,
    rating: Math.max(random.integer(1, 5), random.integer(1, 5)),
    answer: random.chance(0.8) ? makeAnswer(random, order.ship_country) : null,
    answered_at: moment(answered),
  };
}

/** None imported about 30 days ago: the date changes at midnight. */
function makeLegacyContacts(random: Random, now: number): LegacyContactRow[] {
  return Array.from({ length: LEGACY_CONTACTS }, (_, index) => {
    const country = random.pick(COUNTRIES);
    const name = makeName(random, country);
    const age = random.chance(0.2) ? random.integer(1, RETENTION_DAYS - 3) : random.integer(RETENTION_DAYS + 3, 1500);
    return {
      id: index + 1,
      imported_from: random.pick(['amazon', 'ebay', 'csv']),
      imported_on: day(now - age * DAY),
      full_name: name,
      email: random.chance(0.9) ? makeEmail(random, country, name) : null,
      phone: random.chance(0.7) ? makePhone(random, country) : null,
    };
  });
}

function moment(time: number): string {
  return new Date(time).toISOString();
}

function day(time: number): string {
  return moment(time).slice(0, 10);
}
