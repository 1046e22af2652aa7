/** Refusals raised during analysis. */
import type { ColumnLabel, Refusal, RefusalReason } from './plan-types.js';

/** Ends the analysis of a statement; `location` is a UTF-8 byte offset in the client's text. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  constructor(
    readonly refusal: Omit<Refusal, 'position'>,
    readonly location: number | undefined,
  ) {
    super(refusal.message);
  }
}

/** What pgveil does not analyse, or not in this place. */
export function unsupported(what: string, location?: number): RefusalError {
  return new RefusalError(
    {
      code: '0A000',
      reason: 'statement',
      message: `pgveil does not support ${what} where protected data is concerned`,
      hint: 'Rewrite the statement without it, or ask the operator of pgveil.',
    },
    location,
  );
}

export function labelFields(label: ColumnLabel): Pick<Refusal, 'policy' | 'table' | 'column'> {
  return { policy: label.policy, table: label.table, column: label.column };
}

export function refusal(
  code: string,
  reason: RefusalReason,
  message: string,
  more: Partial<Omit<Refusal, 'position'>> & { readonly location?: number } = {},
): RefusalError {
  const { location, ...rest } = more;
  return new RefusalError({ code, reason, message, ...rest }, location);
}
