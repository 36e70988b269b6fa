/** One measurement of a bench. */
export interface Row {
  /** The same in every run, so that runs can be compared. */
  name: string;
  value: number;
  unit: string;
  /** What the value must not exceed or, if higher is better, fall below. */
  budget?: number;
  /** Default: `lower`. A value that only explains others is neither. */
  better?: 'lower' | 'higher' | 'neither';
  /** A difference up to this is chance, whatever its ratio. */
  noise?: number;
}

/** A measurement that has been repeated. */
export interface Series extends Omit<Row, 'value'> {
  /** In the order of the runs. */
  values: number[];
}

/** Collects the rows of repeated runs by their names. A ratio to nothing (NaN, Infinity) is left out. */
export class Repeated {
  readonly series: Series[] = [];

  add(rows: Row[]): void {
    for (const { value, ...row } of rows) {
      if (!Number.isFinite(value)) continue;
      const known = this.series.find(({ name }) => name === row.name);
      if (known) known.values.push(value);
      else this.series.push({ ...row, values: [value] });
    }
  }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a part of all values does not exceed. @param part 0.99 for the 99th percentile. */
export function percentile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** The median, and the range of repeated runs: `0.197 (0.191–0.203)`. */
export function summary({ values }: Series): string {
  const short = (value: number) => String(Number(value.toPrecision(4)));
  const middle = short(median(values));
  if (values.length === 1) return middle;
  return `${middle} (${short(Math.min(...values))}–${short(Math.max(...values))})`;
}

/** The measurements as a table that marks those beyond their budget. */
export function table(all: Series[]): string {
  return columns(
    all.map((series) => {
      const { name, unit, budget, better } = series;
      const wanted = budget === undefined ? '' : `${better === 'higher' ? '≥' : '≤'} ${budget}`;
      return [name, `${summary(series)} ${unit}`, wanted, isMet(series) ? '' : 'MISSED'];
    }),
  );
}

/** Whether the median keeps to the budget, if there is one. */
export function isMet(series: Series): boolean {
  const { budget, better } = series;
  if (budget === undefined) return true;
  const value = median(series.values);
  return better === 'higher' ? value >= budget : value <= budget;
}

/** Aligns cells in columns. */
export function columns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
