/** Which trigger functions may set a column of the row, or put another row in its place. */
import { describe, expect, it } from 'vitest';
import type { Oid } from '../../src/catalog/snapshot.js';
import { columnsSetBy, setsRow } from '../../src/sql/row-triggers.js';

const COLUMNS = new Set(['channel', 'shipped_at', 'Odd Name']);

describe('a body that sets a column of a guard, or the whole row,', () => {
  it.each([
    'BEGIN NEW.channel := lower(NEW.channel); RETURN NEW; END',
    'BEGIN NEW.CHANNEL:=NULL; RETURN NEW; END',
    "BEGIN IF NEW.status = 'x' THEN new.shipped_at = NULL; END IF; RETURN NEW; END",
    'BEGIN NULL; ELSE NEW."Odd Name" := 1; RETURN NEW; END',
    'BEGIN SELECT 1, now() INTO x, NEW.shipped_at; RETURN NEW; END',
    'BEGIN SELECT * INTO STRICT NEW FROM t; RETURN NEW; END',
    'BEGIN UPDATE t SET a = 1 RETURNING b INTO NEW.channel; RETURN NEW; END',
    "BEGIN NEW := jsonb_populate_record(NEW, '{}'); RETURN NEW; END",
    'BEGIN "new" = r; RETURN NEW; END',
    'BEGIN GET DIAGNOSTICS NEW.channel = ROW_COUNT; RETURN NEW; END',
    'BEGIN CALL p(NEW.channel); RETURN NEW; END',
    'BEGIN FOR NEW.channel IN SELECT 1 LOOP NULL; END LOOP; RETURN NEW; END',
    'BEGIN FOR x, NEW.channel IN SELECT 1, 2 LOOP NULL; END LOOP; RETURN NEW; END',
    'BEGIN set_it.NEW.channel := 1; RETURN NEW; END',
    'BEGIN SELECT 1 INTO set_it.new.channel; RETURN NEW; END',
    'DECLARE n ALIAS FOR NEW; BEGIN n.channel := 1; RETURN NEW; END',
    'DECLARE n ALIAS FOR set_it.NEW; BEGIN n.channel := 1; RETURN NEW; END',
    'DECLARE r orders; BEGIN r := NEW; RETURN r; END',
    "BEGIN RETURN NEW #= 'a=>1'; END",
    'BEGIN <<x>> NEW.channel[1] := 1; RETURN NEW; END',
  ])('%s', (source) => {
    expect(setsRow(source, COLUMNS)).toBe(true);
  });
});

describe('a body that reads them, or sets others,', () => {
  it.each([
    "BEGIN NEW.updated_at := now(); IF NEW.channel = 'amazon' THEN NEW.priority := 1; END IF; RETURN NEW; END",
    'BEGIN INSERT INTO audit VALUES (OLD.channel, NEW.channel); RETURN NULL; END',
    'BEGIN INSERT INTO audit SELECT OLD.id, NEW.channel; RETURN coalesce(NEW, OLD); END',
    "BEGIN IF NEW IS DISTINCT FROM OLD THEN RAISE NOTICE '%', NEW; END IF; RETURN NEW; END",
    'BEGIN x := NEW.channel; PERFORM f(NEW); RETURN NEW; END',
    'BEGIN SELECT a INTO x FROM t WHERE c = NEW.channel; RETURN OLD; END',
    'BEGIN -- NEW.channel := 1;\n RETURN NEW; END',
    'BEGIN FOR x IN SELECT NEW.channel LOOP NULL; END LOOP; RETURN NEW; END',
    'BEGIN x := set_it.NEW.channel; RETURN NEW; END',
    'BEGIN RETURN NULL; END',
  ])('%s', (source) => {
    expect(setsRow(source, COLUMNS)).toBe(false);
  });
});

describe('a trigger without a body', () => {
  const BUILT_IN = 3752 as Oid;
  const USERS = 20_000 as Oid;

  it.each<[name: string, extension: string | undefined, given: string[], set: string[] | undefined]>([
    ['moddatetime', 'moddatetime', ['shipped_at'], ['shipped_at']],
    ['insert_username', 'insert_username', ['Odd Name'], ['Odd Name']],
    ['autoinc', 'autoinc', ['id', 'ids', 'batch', 'batches'], ['id', 'batch']],
    ['moddatetime', undefined, ['shipped_at'], undefined],
    ['moddatetime', 'another', ['shipped_at'], undefined],
    ['autoinc', 'moddatetime', ['id', 'ids'], undefined],
    ['tcn', 'tcn', [], undefined],
    ['lo_manage', 'lo', ['picture'], undefined],
    ['toString', 'toString', [], undefined],
  ])('%s of the extension %s', (name, extension, given, set) => {
    expect(columnsSetBy({ routine: USERS, function: name, arguments: given }, extension)).toEqual(set);
  });

  it.each<[name: string, given: string[], set: string[] | undefined]>([
    ['tsvector_update_trigger', ['words', 'pg_catalog.english', 'title', 'body'], ['words']],
    ['tsvector_update_trigger_column', ['words', 'language', 'title'], ['words']],
    ['suppress_redundant_updates_trigger', [], []],
    ['RI_FKey_setnull_upd', ['x'], undefined],
    ['moddatetime', ['shipped_at'], undefined],
  ])('%s, built in', (name, given, set) => {
    expect(columnsSetBy({ routine: BUILT_IN, function: name, arguments: given }, undefined)).toEqual(set);
  });
});
