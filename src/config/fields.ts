/** The kinds of value that several parts of a configuration file have. Each message says what the value must be. */
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';

export function text(must: string): z.ZodString {
  return z.string({ error: must }).refine((value) => value.trim() !== '', { error: must });
}

export function wholeNumber(from: number, to: number, unit = ''): z.ZodNumber {
  const error = `must be a whole number${unit} from ${from} to ${to}`;
  return z.number({ error }).int({ error }).min(from, { error }).max(to, { error });
}

export const flag = z.boolean({ error: 'must be true or false' });

/** Databases and roles: any name that PostgreSQL can have. */
export function names(what: string): z.ZodArray<z.ZodString> {
  const error = `must be a list of names of ${what}, such as [a, b]`;
  const name = z
    .string({ error: 'must be a name; put numbers in quotes' })
    .refine((value) => value !== '' && Buffer.byteLength(value) <= 63, { error: 'must be a name of 1 to 63 bytes' });
  return z.array(name, { error });
}

const HOST_LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** A host name, an IPv4 address or an IPv6 address. */
export function isHost(host: string): boolean {
  if (isIPv6(host) || isIPv4(host)) return true;
  const labels = host.replace(/\.$/, '').split('.');
  // Digits and dots that are no address are a mistyped address, not a name.
  return host.length <= 253 && labels.every((label) => HOST_LABEL.test(label)) && !/^[\d.]+$/.test(host);
}

export function endpoint<T extends { host: string; port: number }>(defaults: T) {
  const host = 'must be a host name or an IP address';
  return z.strictObject({
    host: z.string({ error: host }).refine(isHost, { error: host }).default(defaults.host),
    port: wholeNumber(1, 65_535, ' (a TCP port)').default(defaults.port),
  });
}
