import { columns, isMet, median, Repeated, type Row, type Series, summary } from './row.ts';

/** Something that is measured, once per call. */
export type Side = () => Promise<Row[]>;

/** Measures two sides by turns, A B B A A B …, so that what changes on the machine affects both alike. */
export async function inTurn(runs: number, [a, b]: readonly [Side, Side]): Promise<[Series[], Series[]]> {
  const [ofA, ofB] = [new Repeated(), new Repeated()];
  for (let run = 0; run < runs; run++) {
    const measureA = async () => ofA.add(await a());
    const measureB = async () => ofB.add(await b());
    for (const measure of run % 2 === 0 ? [measureA, measureB] : [measureB, measureA]) await measure();
  }
  return [ofA.series, ofB.series];
}

/** The same row of two sides. */
interface Pair {
  base: Series;
  head: Series;
}

function pairs(bases: Series[], heads: Series[]): Pair[] {
  return bases.flatMap((base) => {
    const head = heads.find(({ name }) => name === base.name);
    return head ? [{ base, head }] : [];
  });
}

/**
 * A table of both sides with medians, ranges, and the ratio of the second to the first. It names the sides that miss
 * the limit of a row.
 */
export function comparison(
  names: [string, string],
  [bases, heads]: [Series[], Series[]],
  threshold?: number,
) {
  const lines = pairs(bases, heads).map((pair) => {
    const ratio = median(pair.head.values) / median(pair.base.values);
    const { name, unit } = pair.base;
    const missing = names.filter((_, at) => !isMet(at === 0 ? pair.base : pair.head));
    const missed = missing.length > 0 ? `MISSED by ${missing.join(' and ')}` : '';
    const verdict = threshold !== undefined && isWorse(pair, threshold) ? 'WORSE' : '';
    return [
      name,
      summary(pair.base),
      summary(pair.head),
      unit,
      Number.isFinite(ratio) ? ratio.toFixed(2) : '–',
      [verdict, missed].filter(Boolean).join(', '),
    ];
  });
  return columns([['', ...names, '', 'ratio', ''], ...lines]);
}

/** The rows of the second side that are worse. @param threshold 0.1: by more than 10 % */
export function worse(bases: Series[], heads: Series[], threshold: number): string[] {
  return pairs(bases, heads)
    .filter((pair) => isWorse(pair, threshold))
    .map(({ base }) => base.name);
}

/** Worse by more than the threshold, by more than chance, and beyond everything that the base has shown. */
function isWorse({ base, head }: Pair, threshold: number): boolean {
  const { better = 'lower', noise = 0 } = head;
  if (better === 'neither') return false;
  const sign = better === 'lower' ? 1 : -1;
  const before = sign * median(base.values);
  const after = sign * median(head.values);
  const worst = Math.max(...base.values.map((value) => sign * value));
  return after > worst && after - before > noise && after - before > threshold * Math.abs(before);
}
