/** Messages that no driver would send: without the end of a string, with bytes too many or too few, of no known kind. */
import {
  bind,
  bytes,
  copyData,
  copyDone,
  copyFail,
  execute,
  extended,
  type FrontendMessage,
  flush,
  int16,
  int32,
  message,
  parse,
  query,
  ready,
  sync,
  together,
  until,
  zero,
} from '../../harness/messages.js';
import { type Script, script } from './script.js';

const ZERO = Buffer.from([0]);
const text = (value: string) => Buffer.from(value);
const ask = (...texts: readonly string[]) => texts.flatMap((sql) => [query(sql), ready()]);

/** Inside a pipeline, in an open transaction and in an aborted one. */
function inPipelines(name: string, malformed: FrontendMessage): Script {
  return script(name, [
    together(...extended('SELECT 1'), malformed, ...extended('SELECT 2'), sync(), ...extended('SELECT 3'), sync()),
    ready(2),
    ...ask('BEGIN'),
    together(malformed, sync()),
    ready(),
    together(malformed, sync()),
    ready(),
    ...ask('ROLLBACK'),
  ]);
}

export const MALFORMED: readonly Script[] = [
  script('Query with a zero byte in its text, or without one at its end', [
    message('Q', text('SELECT 1'), ZERO, text('; SELECT 2'), ZERO),
    ready(),
    message('Q', text('SELECT 1')),
    ready(),
    message('Q'),
    ready(),
    ...ask('BEGIN'),
    message('Q', text('SELECT 1'), ZERO, ZERO),
    ready(),
    message('Q', text('x')),
    ready(),
    ...ask('ROLLBACK'),
  ]),
  inPipelines('Parse without a text', message('P', zero('s'))),
  inPipelines('Parse with a text that does not end', message('P', zero(''), text('SELECT 1'))),
  inPipelines('Parse without its number of types', message('P', zero(''), zero('SELECT 1'))),
  inPipelines('Parse with fewer types than it says', message('P', zero(''), zero('SELECT 1'), int16(3), int32(23))),
  inPipelines('Parse with more bytes than it says', message('P', zero(''), zero('SELECT 1'), int16(0), ZERO)),
  inPipelines('Parse with a zero byte in its text', message('P', zero(''), zero('SELECT 1'), zero('x'), int16(0))),
  inPipelines('Bind without names', message('B')),
  inPipelines('Bind without the statement of its name', message('B', zero(''), text('s'))),
  inPipelines('Bind with fewer formats than it says', message('B', ZERO, ZERO, int16(9), int16(0))),
  inPipelines('Bind with a value longer than it is', message('B', ZERO, ZERO, int16(0), int16(1), int32(99), ZERO)),
  inPipelines(
    'Bind with a value of a length below -1',
    message('B', ZERO, ZERO, int16(0), int16(1), int32(-7), int16(0)),
  ),
  inPipelines('Bind with an unknown format', message('B', ZERO, ZERO, int16(1), int16(7), int16(0), int16(0))),
  inPipelines('Bind with more bytes than it says', message('B', ZERO, ZERO, int16(0), int16(0), int16(0), ZERO)),
  inPipelines('Describe of no known kind', message('D', text('X'), ZERO)),
  inPipelines('Describe without a body', message('D')),
  inPipelines('Describe with a name that does not end', message('D', text('Sabc'))),
  inPipelines('Close of no known kind', message('C', text('s'), ZERO)),
  inPipelines('Close with bytes behind its name', message('C', text('P'), ZERO, ZERO)),
  inPipelines('Execute without a limit', message('E', ZERO)),
  inPipelines('Execute with bytes behind its limit', message('E', ZERO, int32(0), ZERO)),
  inPipelines('Flush with a body', message('H', text('abc'))),
  script('Sync with a body', [
    together(...extended('SELECT 1'), message('S', ZERO)),
    ready(),
    together(parse('SELECT nothing'), message('S', text('abc')), sync()),
    ready(2),
  ]),
  script('CopyData, CopyDone and CopyFail where nothing is copied', [
    together(copyData('1\tx\n'), query('SELECT 1'), copyDone(), copyFail('x'), query('SELECT 2')),
    ready(2),
    together(parse('SELECT nothing'), copyData('x'), copyDone(), sync()),
    ready(),
  ]),
  script('CopyFail with a reason that does not end', [
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    message('f', text('abc')),
    ready(),
  ]),
  script('CopyDone with a body', [
    ...ask('BEGIN'),
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    message('c', text('abc')),
    ready(),
    ...ask('ROLLBACK'),
  ]),
  script('Flush and Sync while the server reads COPY data', [
    ...ask('BEGIN'),
    query('COPY plain.lines FROM STDIN'),
    until('G'),
    together(copyData('9001\ta\n'), flush(), sync(), copyData('9002\tb\n'), copyDone()),
    ready(),
    ...ask('ROLLBACK'),
  ]),
  script('a message of no known type', [query('SELECT 1'), ready(), bytes(text('!'), int32(4)), until('none')], {
    hangsUp: true,
  }),
  script('a password behind the login', [together(query('SELECT 1'), message('p', zero('x'))), until('none')], {
    hangsUp: true,
  }),
  script(
    'a message of no known type in a pipeline',
    [together(parse('SELECT 1'), bind(), execute(), message('z')), until('none')],
    { hangsUp: true },
  ),
];
