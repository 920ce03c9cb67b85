/** @internal Hashes a text to 32 bits (FNV-1a). */
export const text = (input: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < input.length; index++) {
    hash = Math.imul(hash ^ input.charCodeAt(index), 0x01000193)
  }
  return scramble(hash)
}

/** @internal Hashes two integers under a seed to 32 bits, which gives random access to a stream of random numbers. */
export const pair = (seed: number, left: number, right: number): number =>
  scramble(scramble(seed ^ Math.imul(left | 0, 0x9e3779b1)) ^ Math.imul(right | 0, 0x85ebca77))

/** @internal Maps a hash to an integer between two bounds, both included. */
export const between = (hash: number, low: number, high: number): number => low + hash % (high - low + 1)

/** @internal Maps a hash to a number in `[0, 1)`. */
export const unit = (hash: number): number => hash / 0x1_0000_0000

const scramble = (input: number): number => {
  let hash = input ^ (input >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
