interface Line {
  readonly what: string
  readonly value: string
  readonly bar: string
  readonly held: boolean | undefined
}

const lines: Array<Line> = []

export const report = (what: string, value: string, bar = "", held?: boolean): void => {
  lines.push({ what, value, bar, held })
}

export const quantile = (values: ReadonlyArray<number>, at: number): number =>
  values.toSorted((a, b) => a - b)[Math.round(at * (values.length - 1))] ?? Number.NaN

/** The median and the quartiles. */
export const told = (values: ReadonlyArray<number>, unit: string): string => {
  const [low, median, high] = [0.25, 0.5, 0.75].map((at) => quantile(values, at).toFixed(unit === "x" ? 2 : 0))
  return `${median} ${unit} [${low} .. ${high}]`
}

/** Reports the median and quartiles, and holds the median against a bar. */
export const judge = (what: string, values: ReadonlyArray<number>, unit: string, most?: number): void => {
  if (most === undefined) report(what, told(values, unit))
  else report(what, told(values, unit), `<= ${most}${unit === "x" ? "" : ` ${unit}`}`, quantile(values, 0.5) <= most)
}

/** Prints what was reported; whether every bar was held. */
export const print = (): boolean => {
  const width = Math.max(...lines.map(({ what }) => what.length))
  for (const { bar, held, value, what } of lines) {
    const verdict = held === undefined ? "" : held ? "holds" : "MISSED"
    console.log(`${what.padEnd(width)}  ${value.padStart(24)}  ${bar.padStart(9)}  ${verdict}`.trimEnd())
  }
  return !lines.some(({ held }) => held === false)
}
