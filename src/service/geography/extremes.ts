/** Least and greatest value of a closed curve that was looked at in steps, `steps` to a side: between corners it bulges. */
export function extremes(values: readonly number[], steps: number): readonly [least: number, greatest: number] {
  const greatest = Math.max(...values);
  const least = Math.min(...values);
  return [
    Math.min(least, bulge(values, values.indexOf(least), steps)),
    Math.max(greatest, bulge(values, values.indexOf(greatest), steps)),
  ];
}

/** The vertex of the parabola through a value and its neighbours of the same side; at a corner, or on a line, the value itself. */
function bulge(values: readonly number[], index: number, steps: number): number {
  const value = values[index] ?? Number.NaN;
  const [before, after] = [values[index - 1], values[index + 1]];
  if (index % steps === 0 || before === undefined || after === undefined) return value;
  const curvature = before - 2 * value + after;
  return curvature === 0 ? value : value - (after - before) ** 2 / (8 * curvature);
}
