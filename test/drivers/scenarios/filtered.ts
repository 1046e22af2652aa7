import type { DriverError, Filtered } from '../outcome.js';

/** What all of Node's drivers pass on of the server's error. */
export interface ServerError {
  readonly code?: string | undefined;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: string | undefined;
}

/** What a filter found, or its error; then, what the session says next. */
export async function filtered(
  work: () => Promise<readonly unknown[]>,
  errorOf: (error: never) => DriverError,
  after: () => Promise<unknown>,
): Promise<Filtered> {
  const result = await work().then(
    (ids) => ({ found: ids.map(Number) }),
    (error: unknown) => ({ error: errorOf(error as never) }),
  );
  return { ...result, after: await after() };
}

/** `name` is the class that the driver threw, `text` the SQL that it sent. */
export function driverError(name: string, error: ServerError, text: string): DriverError {
  return {
    class: name,
    code: error.code ?? '',
    message: error.message,
    detail: error.detail ?? '',
    hint: error.hint ?? '',
    at: text.slice(Number(error.position) - 1),
  };
}
