/** One measurement, and the budget that it must not exceed (or, with `atLeast`, fall below). */
export interface Row {
  name: string;
  value: number;
  unit: string;
  budget?: number;
  atLeast?: boolean;
}

/** The measurements as a table that marks those beyond their budget. */
export function table(rows: Row[]): string {
  const cells = rows.map(({ name, value, unit, budget, atLeast }) => {
    const met = budget === undefined || (atLeast ? value >= budget : value <= budget);
    const wanted = budget === undefined ? '' : `${atLeast ? '≥' : '≤'} ${budget}`;
    return [name, `${Number(value.toPrecision(4))} ${unit}`, wanted, met ? '' : 'MISSED'];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
