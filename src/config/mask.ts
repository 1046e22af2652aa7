/** The masks of the file: `mask: blank`, or `mask: { keep: { first: 1, last: 2 } }`. */
import { z } from 'zod';
import type { MaskConfig } from '../policy/config-types.js';
import { type Checks, checkMapping, report, reportUnknown } from './check.js';
import { isMapping, type Path, show } from './document.js';
import { flag, wholeNumber } from './fields.js';

type Kind = MaskConfig['kind'];

/** How each is written; the keys are the valid masks, in the order in which messages list them. */
const EXAMPLES: Readonly<Record<Kind, string>> = {
  one_way: 'one_way',
  blank: 'blank',
  null: 'null',
  constant: '{ constant: "withheld" }',
  keep: '{ keep: { first: 1, last: 2, fill: "*" } }',
  email_domain: 'email_domain',
  truncate: '{ truncate: month }',
  round: '{ round: 1 }',
  network: '{ network: { v4: 24, v6: 48 } }',
};
const KINDS = Object.keys(EXAMPLES) as readonly Kind[];

const ONE_WAY = z.strictObject({ linkable: flag.default(false) });
const FILL = 'must be one character';
const KEEP = z.strictObject({
  first: wholeNumber(0, 100).default(0),
  last: wholeNumber(0, 100).default(0),
  fill: z
    .string({ error: FILL })
    .refine((fill) => [...fill].length === 1, { error: FILL })
    .default('*'),
});
const NETWORK = z.strictObject({ v4: wholeNumber(0, 32, ' of bits'), v6: wholeNumber(0, 128, ' of bits') });
const TRUNCATE = z.strictObject({ truncate: z.enum(['year', 'month']) });
const ROUND = z.strictObject({ round: wholeNumber(-12, 12, ' of decimal places') });

/** The mask at a path; undefined, with problems added, if it is not valid. */
export function readMask(checks: Checks, path: Path): MaskConfig | undefined {
  const { document } = checks;
  const value = document.get(path);
  const given = value === null && document.written(path) !== '' ? 'null' : value;
  if (isMapping(given)) {
    const kinds = Object.keys(given);
    if (kinds.length !== 1) {
      report(checks, document.at(path), `must name one mask, not ${kinds.length}`, `such as ${EXAMPLES.keep}`);
      return undefined;
    }
    const kind = KINDS.find((k) => k === kinds[0]);
    if (kind) return readOptions(checks, path, kind);
    reportUnknown(checks, document.keyAt([...path, kinds[0]!]), 'mask', kinds[0], KINDS);
    return undefined;
  }
  const kind = KINDS.find((k) => k === given);
  switch (kind) {
    case undefined:
      reportUnknown(checks, document.at(path), 'mask', given, KINDS);
      return undefined;
    case 'one_way':
      return { kind, linkable: false };
    case 'blank':
    case 'null':
    case 'email_domain':
      return { kind };
    case 'constant':
    case 'keep':
    case 'truncate':
    case 'round':
    case 'network':
      report(checks, document.at(path), `mask ${kind} needs to be told more`, `write mask: ${EXAMPLES[kind]}`);
      return undefined;
    default:
      return kind satisfies never;
  }
}

function readOptions(checks: Checks, path: Path, kind: Kind): MaskConfig | undefined {
  const { document } = checks;
  const inner = [...path, kind];
  switch (kind) {
    case 'one_way': {
      const options = checkMapping(checks, inner, ONE_WAY);
      return options && { kind, ...options };
    }
    case 'blank':
    case 'null':
    case 'email_domain':
      report(checks, document.at(inner), `mask ${kind} has no options`, `write mask: ${EXAMPLES[kind]}`);
      return undefined;
    case 'constant': {
      // As the file has it: 0000 is not the number 0.
      const written = document.written(inner);
      const value = document.get(inner);
      if (written === undefined || value === null) {
        const hint = `write mask: ${EXAMPLES.constant}; for NULL write mask: null`;
        report(checks, document.at(inner), `must be a text, a number, true or false, not ${show(value)}`, hint);
        return undefined;
      }
      return { kind, value: typeof value === 'string' ? value : written };
    }
    case 'keep': {
      const options = checkMapping(checks, inner, KEEP);
      return options && { kind, ...options };
    }
    case 'truncate': {
      const options = checkMapping(checks, path, TRUNCATE);
      return options && { kind, to: options.truncate };
    }
    case 'round': {
      const options = checkMapping(checks, path, ROUND);
      return options && { kind, digits: options.round };
    }
    case 'network': {
      const options = checkMapping(checks, inner, NETWORK);
      return options && { kind, ...options };
    }
    default:
      return kind satisfies never;
  }
}
