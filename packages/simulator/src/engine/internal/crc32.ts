const polynomial = 0xedb88320

/** @internal Computes the CRC-32 of ASCII text (IEEE 802.3), bit by bit. */
export const crc32 = (text: string): number => {
  let remainder = -1
  for (const byte of Buffer.from(text, "ascii")) {
    remainder ^= byte
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? polynomial : 0)
  }
  return ~remainder >>> 0
}
