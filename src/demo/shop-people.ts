/** People, addresses and bank details for the sample shop. Phones, mail domains and networks are those set aside for fiction. */
import type { Random } from './random.js';
import { COMPANIES, type Country, WORDS, WORLD_NAMES } from './shop-words.js';

export interface Address {
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string;
  readonly postcode: string;
  readonly country: Country;
  readonly lat: number;
  readonly lon: number;
}

export function makeName(random: Random, country: Country): string {
  if (random.chance(0.08)) return random.pick(WORLD_NAMES);
  const { first, last } = WORDS[country];
  return `${random.pick(first)} ${random.pick(last)}`;
}

export function makeCompany(random: Random): string {
  return random.pick(COMPANIES);
}

export function makeAddress(random: Random, country: Country): Address {
  const { streets, cities, second } = WORDS[country];
  const [city, area, lat, lon, state] = random.pick(cities);
  const [street, house] = [random.pick(streets), random.integer(1, 240)];
  return {
    line1: country === 'DE' ? `${street} ${house}` : `${house} ${street}`,
    line2: random.chance(0.3) ? random.pick(second) : null,
    city: state ? `${city}, ${state}` : city,
    postcode: makePostcode(random, country, area),
    country,
    lat: lat + (random.fraction() - 0.5) * 0.2,
    lon: lon + (random.fraction() - 0.5) * 0.3,
  };
}

function makePostcode(random: Random, country: Country, area: string): string {
  switch (country) {
    case 'GB':
      return `${area}${random.integer(1, 19)} ${random.integer(1, 9)}${random.pick(['AB', 'DG', 'JX', 'LN', 'TR'])}`;
    case 'DE':
    case 'US':
    case 'FR':
      return area + random.digits(5 - area.length);
    default:
      return country satisfies never;
  }
}

/** A person's own address at a mail provider. */
export function makeEmail(random: Random, country: Country, name: string): string {
  const local = name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z ]/g, '')
    .trim()
    .replace(/ +/g, '.');
  return `${local || 'post'}${random.integer(1, 999)}@${random.pick(WORDS[country].domains)}`;
}

const ALIAS_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('');

/** The alias that a marketplace shows in place of the buyer's own address. */
export function makeAlias(random: Random, domain: string): string {
  let local = '';
  while (local.length < 15) local += random.pick(ALIAS_LETTERS);
  return `${local}@${domain}`;
}

export function makePhone(random: Random, country: Country): string {
  switch (country) {
    case 'GB':
      return `+44 7700 900${random.digits(3)}`;
    case 'DE':
      return `+49 30 23125 ${random.digits(3)}`;
    case 'US':
      return `+1 503-555-01${random.digits(2)}`;
    case 'FR':
      return `+33 1 99 00 ${random.digits(2)} ${random.digits(2)}`;
    default:
      return country satisfies never;
  }
}

export function makeIp(random: Random): string {
  if (random.chance(0.25)) {
    const group = (): string => random.integer(1, 0xffff).toString(16);
    return `2001:db8:${group()}:${group()}::${group()}`;
  }
  return `198.${random.integer(18, 19)}.${random.integer(0, 255)}.${random.integer(1, 254)}`;
}

/** With a right checksum and a bank that does not exist. */
export function makeIban(random: Random, country: Country): string {
  const [code, bank] =
    country === 'GB' ? ['GB', 'TEST000000'] : country === 'FR' ? ['FR', '00000'] : ['DE', '00000000'];
  const account = bank + random.digits(code === 'GB' ? 8 : code === 'FR' ? 18 : 10);
  return `${code}${checkDigits(account, code)}${account}`;
}

/** ISO 7064 MOD 97-10. */
function checkDigits(account: string, country: string): string {
  let rest = 0;
  for (const character of `${account}${country}00`) {
    for (const digit of parseInt(character, 36).toString()) rest = (rest * 10 + Number(digit)) % 97;
  }
  return String(98 - rest).padStart(2, '0');
}
