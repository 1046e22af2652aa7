/** How the process ends, and errors that say it. Codes as in sysexits.h. */

export const EXIT = {
  ok: 0,
  /** A defect of pgveil. */
  software: 70,
  usage: 64,
  /** The server cannot be reached; it may work later. */
  unavailable: 69,
  /** An address to listen on cannot be had. */
  cannotListen: 73,
  /** Invalid configuration, or one that does not fit the server or its schema. */
  configuration: 78,
} as const;

/** The gateway cannot start. Its message is for the operator, one line for each cause. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** What listening on an address failed with, as a StartError. */
export function listenError(what: string, address: { readonly host: string; readonly port: number }, cause: unknown) {
  const place = `${what}: cannot listen on ${address.host}:${address.port}`;
  const code = (cause as { readonly code?: unknown } | null)?.code;
  switch (code) {
    case 'EADDRINUSE':
      return new StartError(`${place}: the port is in use`, EXIT.cannotListen);
    case 'EACCES':
      return new StartError(`${place}: permission denied; ports below 1024 are for root`, EXIT.cannotListen);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`${place}: this machine has no such address`, EXIT.cannotListen);
    default:
      return new StartError(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, EXIT.cannotListen);
  }
}
