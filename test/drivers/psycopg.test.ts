import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShopGateway, startShopGateway } from '../harness/gateway.js';
import { pythonWithPsycopg, runClient } from './programs.js';

type Row = [id: number, name: string, email: string, gift: string];

interface Outcome {
  readonly masked: Readonly<Record<string, readonly Row[]>> & { readonly filter: unknown };
  readonly [what: string]: unknown;
}

const SCENARIO = fileURLToPath(new URL('./scenario.py', import.meta.url));

let shop: ShopGateway;
let direct: Outcome;
let masked: Outcome;

beforeAll(async () => {
  shop = await startShopGateway('A');
  const python = await pythonWithPsycopg();
  const outcome = async (where: 'direct' | 'masked'): Promise<Outcome> => {
    const { status, stdout, stderr } = await runClient(python, [SCENARIO], shop[where]());
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as Outcome;
  };
  direct = await outcome('direct');
  masked = await outcome('masked');
});

afterAll(async () => {
  await shop?.stop();
});

describe('psycopg', () => {
  it('gets the same for everything that is not redacted', () => {
    const { masked: _a, ...ofServer } = direct;
    const { masked: _b, ...ofGateway } = masked;
    expect(ofGateway).toEqual(ofServer);
    expect(Object.keys(ofServer).length).toBeGreaterThan(25);
  });

  it('gets the same masks in text, binary, prepared, by cursor, pipeline and COPY', () => {
    const { filter: _filter, ...ways } = masked.masked;
    for (const [way, rows] of Object.entries(ways)) expect(rows, way).toEqual(ways.text);
    const stored = direct.masked.text!;
    ways.text!.forEach(([id, name, email, gift], at) => {
      expect(id).toBe(stored[at]![0]);
      expect(name.length).toBeGreaterThanOrEqual(16);
      expect(email).toBe('***@known.test');
      expect(gift).toBe('');
    });
    expect(new Set(ways.text!.map(([, name]) => name)).size).toBe(3);
  });

  it('gets a refusal as an error of its own class, with the place', () => {
    expect(direct.masked.filter).toEqual([[900001], [900002]]);
    expect(masked.masked.filter).toMatchObject({
      class: 'InsufficientPrivilege',
      sqlstate: '42501',
      statement_position: '29',
    });
  });
});
