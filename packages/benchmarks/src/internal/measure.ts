const rounds = 15

/** Nanoseconds of CPU time a piece, one for each round, in which all tasks take turns. */
export const measure = <Name extends string>(
  tasks: Readonly<Record<Name, () => void>>,
  pieces: number
): (name: Name) => ReadonlyArray<number> => {
  const costs = new Map<string, Array<number>>()
  for (let round = -5; round < rounds; round++) {
    for (const [name, task] of Object.entries<() => void>(tasks)) {
      const before = process.cpuUsage()
      task()
      const { system, user } = process.cpuUsage(before)
      if (round >= 0) costs.set(name, [...costs.get(name) ?? [], (user + system) * 1000 / pieces])
    }
  }
  return (name) => costs.get(name) ?? []
}

/** How many times the costs of others, round by round. */
export const over = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((cost, round) => cost / (theirs[round] ?? Number.NaN))
