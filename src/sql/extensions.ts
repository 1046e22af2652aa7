/**
 * Extensions whose C functions are known: what they may do was read in their source. Functions of theirs in SQL or
 * PL/pgSQL are analysed as any other; C functions of an extension that is not listed are refused.
 */
import type { Routine } from '../catalog/snapshot.js';

/** Which C functions of an extension read no protected data and run no SQL that they are given. */
type Harmless =
  | { readonly all: true }
  /** The author promises with IMMUTABLE that a result depends on the arguments alone: no table, no setting is read. */
  | { readonly immutable: true }
  | { readonly but: readonly string[] };

const ALL: Harmless = { all: true };

const EXTENSIONS: Readonly<Record<string, Harmless>> = {
  // Types with their operators and index support.
  citext: ALL,
  cube: ALL,
  hstore: ALL,
  intarray: ALL,
  isn: ALL,
  ltree: ALL,
  seg: ALL,
  vector: ALL,
  // Index support for types that exist.
  bloom: ALL,
  btree_gin: ALL,
  btree_gist: ALL,
  pg_trgm: ALL,
  // Functions of their arguments.
  earthdistance: ALL,
  fuzzystrmatch: ALL,
  intagg: ALL,
  'uuid-ossp': ALL,
  // Encryption, hashes and random bytes; keys are arguments.
  pgcrypto: ALL,
  // Dictionaries and thesauri: they read rule files of the installation, which hold no data.
  dict_int: ALL,
  dict_xsyn: ALL,
  unaccent: ALL,
  // Sampling methods: they choose rows of a relation that is read by name.
  tsm_system_rows: ALL,
  tsm_system_time: ALL,
  // The certificate of the session's own connection.
  sslinfo: ALL,
  // Handlers, which no statement can call.
  plpgsql: ALL,
  // Triggers that set columns of the row that is written: time, user, a number of a sequence.
  autoinc: ALL,
  insert_username: ALL,
  moddatetime: ALL,
  // Statements without their constants, as clients sent them or as pgveil rewrote them: no stored value.
  pg_stat_statements: ALL,
  // How much of each relation is cached, free or dead: physical figures, as pg_relation_size has them.
  pg_buffercache: ALL,
  pg_freespacemap: ALL,
  pg_prewarm: ALL,
  pgstattuple: ALL,
  // crosstab and connectby run SQL, or read a table, that they are given; normal_rand does not.
  tablefunc: { but: ['crosstab', 'crosstab_hash', 'crosstab2', 'crosstab3', 'crosstab4', 'connectby'] },
  // xpath_table reads a table that it is given.
  xml2: { but: ['xpath_table'] },
  // ST_Transform reads spatial_ref_sys, of its own. Those that look at a user's table by name are not IMMUTABLE.
  postgis: { immutable: true },
  postgis_raster: { immutable: true },
  postgis_topology: { immutable: true },
  postgis_sfcgal: { immutable: true },
  address_standardizer: { immutable: true },
};

/*
 * Not listed, and so refused. They run SQL or open connections: dblink, postgres_fdw, refint (a trigger that reads the
 * table it names). They show pages, tuples or log records as they are stored: pageinspect, pg_walinspect, pg_surgery,
 * pg_visibility, pgrowlocks, amcheck, pg_logicalinspect, old_snapshot. They reach files: adminpack, file_fdw.
 * They change or send what they see: lo (a trigger that unlinks large objects), tcn (a trigger that sends key values in a
 * notification). They run code that nobody has read: plperl, plpython3u, pltcl and their transforms.
 */

/** True for a C function that needs no further look. */
export function isHarmlessOfExtension({ extension, name, volatility }: Routine): boolean {
  const known = extension !== undefined && Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
  if (!known) return false;
  if ('immutable' in known) return volatility === 'immutable';
  return 'all' in known || !known.but.includes(name);
}
