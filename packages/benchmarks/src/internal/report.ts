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

export const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)} x`

/** Prints what was reported; whether every bar was held. */
export const print = (): boolean => {
  const width = Math.max(...lines.map(({ what }) => what.length))
  for (const { bar, held, value, what } of lines) {
    const verdict = held === undefined ? "" : held ? "holds" : "MISSED"
    console.log(`${what.padEnd(width)}  ${value.padStart(24)}  ${bar.padStart(9)}  ${verdict}`.trimEnd())
  }
  return !lines.some(({ held }) => held === false)
}
