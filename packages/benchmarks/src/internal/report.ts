import { writeFileSync } from "node:fs"

/** What was measured: numbers where there are any, and how they are told. */
interface Line {
  readonly what: string
  readonly ours: string
  readonly peer: string
  /** Who the peer is, where there is one. */
  readonly beside: string | undefined
  readonly value: string
  readonly bar: string
  readonly held: boolean | undefined
  readonly unit: string | undefined
  readonly spread: Spread | undefined
}

interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

const lines: Array<Line> = []

export const report = (what: string, value: string, bar = "", held?: boolean): void => {
  lines.push({
    what,
    ours: value,
    peer: "",
    beside: undefined,
    value: "",
    bar,
    held,
    unit: undefined,
    spread: undefined
  })
}

export const quantile = (values: ReadonlyArray<number>, at: number): number =>
  values.toSorted((a, b) => a - b)[Math.round(at * (values.length - 1))] ?? Number.NaN

const spread = (values: ReadonlyArray<number>): Spread => ({
  low: quantile(values, 0.25),
  median: quantile(values, 0.5),
  high: quantile(values, 0.75)
})

const figure = (value: number, unit: string): string => {
  if (unit === "x") return value.toFixed(2)
  if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1)
}

/** The median and the quartiles. */
export const told = (values: ReadonlyArray<number>, unit: string): string => {
  const { high, low, median } = spread(values)
  return `${figure(median, unit)} ${unit} [${figure(low, unit)} .. ${figure(high, unit)}]`
}

/** The median alone. */
const middle = (values: ReadonlyArray<number>, unit: string): string => `${figure(quantile(values, 0.5), unit)} ${unit}`

/** Reports the median and quartiles, and holds the median against a bar. */
export const judge = (what: string, values: ReadonlyArray<number>, unit: string, most?: number): void => {
  const isRatio = unit === "x"
  lines.push({
    what,
    ours: isRatio ? "" : told(values, unit),
    peer: "",
    beside: undefined,
    value: isRatio ? told(values, unit) : "",
    bar: most === undefined ? "" : `<= ${most}${isRatio ? "" : ` ${unit}`}`,
    held: most === undefined ? undefined : quantile(values, 0.5) <= most,
    unit,
    spread: spread(values)
  })
}

/** Reports ours beside a peer's, and holds the median of the ratios, round by round, against a bar. */
export const compare = (
  what: string,
  ours: ReadonlyArray<number>,
  peer: string,
  theirs: ReadonlyArray<number>,
  unit: string,
  most?: number
): void => {
  const ratios = ours.map((cost, round) => cost / (theirs[round] ?? Number.NaN))
  lines.push({
    what,
    ours: middle(ours, unit),
    peer: `${peer} ${middle(theirs, unit)}`,
    beside: peer,
    value: told(ratios, "x"),
    bar: most === undefined ? "" : `<= ${most}`,
    held: most === undefined ? undefined : quantile(ratios, 0.5) <= most,
    unit: "x",
    spread: spread(ratios)
  })
}

/**
 * Prints what was reported, and writes it into the file that `BENCH_LINES` names, where it does; whether every bar was
 * held.
 */
export const print = (): boolean => {
  const columns = ["what", "ours", "peer", "value", "bar"] as const
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)))
  for (const line of lines) {
    const verdict = line.held === undefined ? "" : line.held ? "holds" : "MISSED"
    const cells = columns.map((column, at) =>
      at === 0 ? line[column].padEnd(widths[at] ?? 0) : line[column].padStart(widths[at] ?? 0)
    )
    console.log([...cells, verdict].join("  ").trimEnd())
  }
  const file = process.env["BENCH_LINES"]
  if (file !== undefined) writeFileSync(file, JSON.stringify(lines))
  return !lines.some(({ held }) => held === false)
}
