/** What the passes over one statement share. */
import type { SelectStmt } from '@pgsql/types';
import type { Column, Relation } from '../catalog/snapshot.js';
import type { PolicyConfig } from '../policy/config-types.js';
import type { Evidence } from './evidence.js';
import type { Mentions } from './mentions.js';
import type { Pace } from './pace.js';
import type { SqlParser } from './parse.js';
import type { NameEnvironment } from './plan-types.js';
import type { Protection } from './protection.js';
import type { Scan } from './scan.js';
import type { Resolved, Scope, ScopeColumn, Taint } from './scope.js';
import type { Unit } from './unit.js';

/** A protected value in an expression, and where it is written. */
export interface Ref {
  readonly taint: Taint;
  /** UTF-8 byte offset in the client's text. */
  readonly location: number | undefined;
}

/** A place that decides which rows, or how many, a client gets. Judged when the whole statement is known. */
export interface FilterCheck {
  /** As an error names it: `WHERE`, `JOIN`, … */
  readonly place: string;
  readonly refs: () => readonly Ref[];
  /**
   * `filter`: a condition, which would see masks. `shape`: grouping and the like, harmless over masked values and telling
   * over stored ones. `stored`: the server compares stored values, whatever policies say of filters.
   */
  readonly kind: 'filter' | 'shape' | 'stored';
}

export interface QueryColumn extends ScopeColumn {
  readonly refs: () => readonly Ref[];
}

export interface QueryResult {
  /** undefined where their number is not known */
  readonly columns: readonly QueryColumn[] | undefined;
  /** Of all columns together. */
  readonly refs: () => readonly Ref[];
}

/**
 * What unqualified names mean; throws NamesNeeded while that is not known, or a RefusalError.
 * @param location of the name that is asked for, in the client's text
 */
export type NameLookup = (location?: number) => NameEnvironment;

/** The session's part in the analysis. */
export interface Viewer {
  readonly protection: Protection;
  readonly parser: SqlParser;
  /** Policies that hold for the session's user. */
  readonly policies: ReadonlySet<PolicyConfig>;
  readonly tagPrefix: string;
  readonly names: NameLookup;
  readonly pace: Pace;
  /** Names that the transaction has changed. */
  readonly uncommitted: ReadonlySet<string>;
  /** True if the session's role may read these columns. */
  readonly mayReadAll: (relation: Relation, columns: readonly Column[]) => boolean;
  /**
   * A role that may read what it asked for must be able to read what guards read, too.
   * @throws RefusalError that says which GRANT helps
   */
  readonly assertReadable: (scan: Scan, columns: readonly Column[], location: number | undefined) => void;
}

/** One statement, with the definitions of the views in it. */
export interface StatementState {
  readonly viewer: Viewer;
  readonly checks: FilterCheck[];
  readonly scans: Scan[];
  /** Conditions may prove that a query meets no redacted row: of the client's statement, where only its refusal rests on it. */
  readonly proves: boolean;
  /** The client's encoding when it runs is the one when the text is sent: rows of COPY can be told into cells. */
  readonly encodingKnown: boolean;
  /** What must hold when the statement runs; undefined where nothing may be assumed. */
  readonly assumptions: Evidence[] | undefined;
  /** How many views were expanded so far: views over views can multiply. */
  expansions: number;
  /** What modifications in WITH ask for. */
  readonly withhold: ('nothing' | 'detail' | 'all')[];
  /** Values that would be stored elsewhere. */
  readonly copies: { readonly refs: () => readonly Ref[]; readonly into: string }[];
}

/** One text of the statement: the client's or a view's. */
export interface Analysis {
  readonly state: StatementState;
  readonly unit: Unit;
  readonly mentions: Mentions;
  readonly names: NameLookup;
  /** What subqueries were found to be, by their SelectStmt. */
  readonly results: Map<object, QueryResult>;
  /** What column references were found to mean, by their node. */
  readonly resolutions: Map<object, Resolved>;
  /** Analyses a query below a scope; kept here because expressions hold queries and queries expressions. */
  readonly query: (select: SelectStmt, scope: Scope | undefined) => QueryResult;
  /** The analysis of another text, a view's definition, that stands in this one. */
  readonly nested: (parts: Pick<Analysis, 'state' | 'unit' | 'mentions' | 'names'>) => Analysis;
  /** Analyses INSERT, UPDATE, DELETE or MERGE in WITH. */
  readonly modification: (statement: object, scope: Scope | undefined) => QueryResult;
}

/** The analysis needs to know what unqualified names mean. */
export class NamesNeeded extends Error {
  override readonly name = 'NamesNeeded';
}
