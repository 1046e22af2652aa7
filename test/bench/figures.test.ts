import { describe, expect, it } from 'vitest';
import { cpuSeconds, cpuTicks, descriptors, memory } from '../../bench/cpu.js';
import { queryMessage, rowsOfTail } from '../../bench/drain.js';
import { oneTextScript, pointScript } from '../../bench/orders.js';
import { median, medianRatio, quantile, rotate, slope } from '../../bench/statistics.js';
import { figure, formatTable, ratio } from '../../bench/table.js';

describe('statistics', () => {
  it('takes the middle value, by number and not by text', () => {
    expect(median([100, 9, 20])).toBe(20);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it('leaves the list as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('begins each round with another target', () => {
    expect([0, 1, 2, 3].map((round) => rotate(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(rotate([], 2)).toEqual([]);
  });

  it('compares round by round, so that a slow round cancels out', () => {
    expect(medianRatio([10, 40, 11], [10, 40, 10])).toBe(1);
    expect(() => medianRatio([1], [1, 2])).toThrow(RangeError);
  });

  it('finds the value that a part does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0, 0.5, 0.99, 1].map((part) => quantile(values, part))).toEqual([1, 51, 100, 100]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it('tells how fast values rise', () => {
    expect(slope([1, 2, 3].map((x) => [x, 5 + 2 * x]))).toBeCloseTo(2);
    expect(slope([1, 2, 3, 4].map((x) => [x, 7]))).toBe(0);
    expect(() => slope([[1, 1]])).toThrow(RangeError);
  });
});

describe('table', () => {
  it('aligns columns across sections: the first left, the others right', () => {
    const text = formatTable([
      { title: 'one', header: ['', 'TPS'], rows: [['direct', '9']] },
      { title: 'two', header: ['', 'µs'], rows: [['a longer name', '12,345']] },
    ]);
    expect(text.split('\n')).toEqual([
      'one',
      '',
      `${' '.repeat(18)}TPS`,
      `${'-'.repeat(13)}  ------`,
      `direct${' '.repeat(14)}9`,
      '',
      'two',
      '',
      `${' '.repeat(19)}µs`,
      `${'-'.repeat(13)}  ------`,
      'a longer name  12,345',
    ]);
  });

  it('shows a dash for what was not measured', () => {
    expect([figure(undefined), ratio(undefined)]).toEqual(['-', '-']);
    expect([figure(1234.56, 1), figure(0.5), ratio(1.066)]).toEqual(['1,234.6', '1', '1.07x']);
  });
});

describe('/proc', () => {
  it('finds user and system time behind a name with blanks and brackets', () => {
    const fields = ['S', '1', '2', '3', '0', '-1', '4', '5', '6', '7', '8', '120', '34', '0', '0', '20'];
    expect(cpuTicks(`77 (node (x) y) ${fields.join(' ')}\n`)).toBe(154);
    expect(() => cpuTicks('77 (node) S 1')).toThrow(/another form/);
  });

  it.runIf(process.platform === 'linux')('counts what this process uses', () => {
    const before = cpuSeconds(process.pid)!;
    const until = process.cpuUsage().user + 60_000;
    while (process.cpuUsage().user < until);
    expect(cpuSeconds(process.pid)!).toBeGreaterThanOrEqual(before + 0.03);
    expect(memory(process.pid)!.peak).toBeGreaterThan(1);
    expect(descriptors(process.pid)).toBeGreaterThan(2);
  });

  it('knows nothing of a process that is gone', () => {
    expect(cpuSeconds(2 ** 30)).toBeUndefined();
    expect(memory(2 ** 30)).toBeUndefined();
    expect(descriptors(2 ** 30)).toBeUndefined();
  });
});

describe('messages', () => {
  it('frames a simple query', () => {
    expect(queryMessage('é').toString('latin1')).toBe('Q\0\0\0\x07\xc3\xa9\0');
  });

  it('reads the row count that closes an answer', () => {
    const tail = (text: string) => rowsOfTail(Buffer.from(text, 'latin1'));
    expect(tail('C\0\0\0\x0eSELECT 120\0Z\0\0\0\x05I')).toBe(120);
    expect(tail('C\0\0\0\x0cCOPY 1000\0Z\0\0\0\x05I')).toBe(1000);
    expect(tail('E\0\0\0\x20SERROR\0C42501\0\0Z\0\0\0\x05I')).toBeUndefined();
    expect(tail('C\0\0\0\x0eSELECT 120\0')).toBeUndefined();
  });
});

describe('scripts', () => {
  it('sends a statement as a pgbench script', () => {
    expect(pointScript('SELECT a::text FROM t WHERE id = $1', 50)).toBe(
      '\\set id random(1, 50)\nSELECT a::text FROM t WHERE id = :id;\n',
    );
    expect(oneTextScript('SELECT a FROM t WHERE id = $1')).toBe('SELECT a FROM t WHERE id = 10;\n');
  });

  it('takes no text in which pgbench would see a variable', () => {
    expect(() => pointScript("SELECT ':tag' FROM t WHERE id = $1", 50)).toThrow(/variable/);
    expect(pointScript("SELECT '12:30' FROM t WHERE id = $1", 50)).toContain("'12:30'");
  });
});
