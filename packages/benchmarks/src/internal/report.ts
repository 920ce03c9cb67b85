import { writeFileSync } from "node:fs"

/** A reported measurement: its numbers, if there are any, and their text. */
interface Line {
  readonly what: string
  readonly ours: string
  readonly peer: string
  /** The name of the peer, if there is one. */
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

/** Formats the median and the quartiles. */
export const told = (values: ReadonlyArray<number>, unit: string): string => {
  const { high, low, median } = spread(values)
  return `${figure(median, unit)} ${unit} [${figure(low, unit)} .. ${figure(high, unit)}]`
}

/** Formats the median only. */
const middle = (values: ReadonlyArray<number>, unit: string): string => `${figure(quantile(values, 0.5), unit)} ${unit}`

/** Reports the median and the quartiles, and compares the median with a limit. */
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

/** Reports our costs and those of a peer, and compares the median of their ratios, round by round, with a limit. */
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
 * Prints the reported lines, and writes them to the file named by `BENCH_LINES`, if it is set. Returns `true` if all
 * limits were met.
 */
export const print = (): boolean => {
  const columns = ["what", "ours", "peer", "value", "bar"] as const
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)))
  for (const line of lines) {
    const verdict = line.held === undefined ? "" : line.held ? "met" : "MISSED"
    const cells = columns.map((column, at) =>
      at === 0 ? line[column].padEnd(widths[at] ?? 0) : line[column].padStart(widths[at] ?? 0)
    )
    console.log([...cells, verdict].join("  ").trimEnd())
  }
  const file = process.env["BENCH_LINES"]
  if (file !== undefined) writeFileSync(file, JSON.stringify(lines))
  return !lines.some(({ held }) => held === false)
}
