/** @internal */
export const requireWhole = (what: string, value: number, least: number, most: number): void => {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${what} was ${value}; give a whole number from ${least} to ${most}`)
  }
}
