import { beforeAll, describe, expect, it } from 'vitest';
import { locationOf, type Mentions, mentionsOf, type NamedReference, stringOf } from '../../src/sql/mentions.js';
import { SqlParser } from '../../src/sql/parse.js';

let parsers: readonly SqlParser[];
beforeAll(async () => {
  parsers = await Promise.all([130_000, 150_000, 180_000].map((version) => SqlParser.load(version)));
});

/** What the text mentions, which must be the same for every grammar; to older ones `true` is a cast to bool. */
function mentions(sql: string): Mentions {
  const [first, ...rest] = parsers.map((parser) => mentionsOf(parser.parse(sql).map((statement) => statement.node)));
  for (const other of rest) expect({ ...other, types: first!.types }).toEqual(first);
  return rest.at(-1)!;
}

const shown = (references: readonly NamedReference[]): string[] =>
  references.map(({ schema, name, location }) => `${schema === undefined ? '' : `${schema}.`}${name}@${location}`);

describe('relations', () => {
  it.each([
    ['SELECT 1 FROM a, b.c, d.e.f', ['a@14', 'b.c@17', 'e.f@22']],
    ['SELECT 1 FROM ONLY (a) JOIN b ON true', ['a@20', 'b@28']],
    ['SELECT (SELECT 1 FROM a WHERE EXISTS (SELECT FROM b))', ['a@22', 'b@50']],
    ['WITH a AS (SELECT 1 FROM b) SELECT 1 FROM a', ['b@25', 'a@42']],
    ['INSERT INTO a SELECT 1 FROM b ON CONFLICT DO NOTHING', ['a@12', 'b@28']],
    ['UPDATE a SET x = (SELECT 1 FROM b) FROM c', ['a@7', 'b@32', 'c@40']],
    ['DELETE FROM a USING b', ['a@12', 'b@20']],
    ['COPY a (x) TO STDOUT', ['a@5']],
    ['COPY (SELECT 1 FROM a) TO STDOUT', ['a@20']],
    ['TABLE a', ['a@6']],
    ['EXPLAIN SELECT 1 FROM a', ['a@22']],
    ['DECLARE c CURSOR FOR SELECT 1 FROM a', ['a@35']],
    ['PREPARE p AS SELECT 1 FROM a', ['a@27']],
    ['CREATE VIEW v AS SELECT 1 FROM a', ['v@12', 'a@31']],
    ['CREATE TABLE t AS SELECT 1 FROM a', ['t@13', 'a@32']],
    ['CREATE TABLE t (LIKE a, x int REFERENCES b (y)) INHERITS (c)', ['t@13', 'a@21', 'b@41', 'c@58']],
    ['LOCK TABLE a, b', ['a@11', 'b@14']],
    ['TRUNCATE a, b', ['a@9', 'b@12']],
    ['CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b', ['a@30', 'b@52']],
    ['SELECT 1 FROM a TABLESAMPLE SYSTEM (1)', ['a@14']],
  ])('%s', (sql, expected) => {
    expect(shown(mentions(sql).relations).sort()).toEqual([...expected].sort());
  });

  it('are found wherever MERGE names them', () => {
    const [parser] = parsers.slice(-1);
    const found = mentionsOf(
      parser!.parse('MERGE INTO a USING b ON true WHEN MATCHED THEN UPDATE SET x = (SELECT 1 FROM c)'),
    );
    expect(found.relations.map((relation) => relation.name).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('routines and operators', () => {
  it('are found with the number of arguments', () => {
    const { routines } = mentions('SELECT f(1, 2), s.g(), count(*) FROM h(1) WHERE i(j(1)) ORDER BY k(x)');
    const found = routines.map(({ schema, name, argumentCount }) => `${schema ?? ''}.${name}/${argumentCount}`);
    expect(found.sort()).toEqual(['.count/0', '.f/2', '.h/1', '.i/1', '.j/1', '.k/1', 's.g/0']);
  });

  it('are found in CALL, in triggers, in FILTER and in windows', () => {
    expect(mentions('CALL f(1)').routines.map((r) => r.name)).toEqual(['f']);
    expect(
      mentions('CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()').routines.map((r) => r.name),
    ).toEqual(['f']);
    expect(
      mentions('SELECT sum(1) FILTER (WHERE f()) OVER (ORDER BY g()) FROM a')
        .routines.map((r) => r.name)
        .sort(),
    ).toEqual(['f', 'g', 'sum']);
  });

  it('are found as operators, with their schema', () => {
    const { operators } = mentions('SELECT 1 @~ 2, a OPERATOR(s.+) b, x = ANY (y), -z FROM t ORDER BY q USING <');
    const found = operators.map(({ schema, name }) => `${schema ?? ''}:${name}`);
    expect(found.sort()).toEqual([':-', ':<', ':=', ':@~', 's:+']);
  });

  it('are found as operators of subqueries', () => {
    expect(mentions('SELECT 1 <~> ALL (SELECT 2)').operators.map((o) => o.name)).toEqual(['<~>']);
  });
});

describe('columns, aliases and the rest', () => {
  it('counts the last part of each reference', () => {
    const { columns } = mentions('SELECT a, x.a, y.x.b, "A" FROM t WHERE a = 1');
    expect([...columns].sort()).toEqual([
      ['A', 1],
      ['a', 3],
      ['b', 1],
    ]);
  });

  it('tells stars by their qualifiers', () => {
    expect(mentions('SELECT *, a.*, s.b.*, count(*) FROM a, s.b').stars).toEqual(['', 'a', 'b']);
  });

  it('finds aliases of every kind of item', () => {
    const { aliases } = mentions(
      'SELECT 1 FROM a x, (SELECT 1) y, f() z, (b JOIN c ON true) j, LATERAL (SELECT 1) "L l"',
    );
    expect([...aliases].sort()).toEqual(['L l', 'j', 'x', 'y', 'z']);
  });

  it('finds names in WITH, however deep', () => {
    expect(
      [
        ...mentions(
          'WITH a AS (WITH b AS (SELECT 1) SELECT * FROM b) SELECT (WITH c AS (SELECT 2) SELECT * FROM c) FROM a',
        ).ctes,
      ].sort(),
    ).toEqual(['a', 'b', 'c']);
  });

  it('finds what joins merge', () => {
    const found = mentions('SELECT 1 FROM a JOIN b USING (x, y) NATURAL JOIN c');
    expect([[...found.using].sort(), found.natural]).toEqual([['x', 'y'], true]);
    expect(mentions('SELECT 1 FROM a JOIN b ON true').natural).toBe(false);
  });

  it('finds locks at any depth', () => {
    expect(mentions('SELECT 1 FROM (SELECT 1 FROM a FOR UPDATE) s').locking).toBe(true);
    expect(mentions('SELECT 1 FROM a').locking).toBe(false);
  });

  it('finds types, without their schemas', () => {
    const { types } = mentions("SELECT 1::s.kind, CAST(x AS text[]), date '2026-01-01' FROM a");
    expect([...types].sort()).toEqual(['date', 'kind', 'text']);
  });
});

describe('parts of a tree', () => {
  it('reads strings and places, and says where there is none', () => {
    expect([
      stringOf({ String: { sval: 'a' } }),
      stringOf({ String: {} }),
      stringOf({ A_Star: {} }),
      stringOf(undefined),
      stringOf('a'),
    ]).toEqual(['a', '', undefined, undefined, undefined]);
    expect([locationOf({ location: 7 }), locationOf({}), locationOf({ location: -1 })]).toEqual([7, 0, -1]);
  });
});
