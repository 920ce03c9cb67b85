const breaks = "(?:[\\r\\n]|\\\\r|\\\\n)+"
const around = new RegExp(`^${breaks}|${breaks}$`, "g")
const written = /^(["'])(.*)\1$/s

/**
 * A secret without what it was written down with: the line breaks around it, real or of two characters (`\n`), the quotes
 * of an `.env`, and the ways in which the lines of a PEM are broken elsewhere.
 *
 * @internal
 */
export const bareSecret = (text: string): string => {
  const unquoted = text.replace(around, "").replace(written, "$2").replace(around, "")
  return unquoted.includes("-----BEGIN ") ? unquoted.replace(/(?:\\r)?\\n|\\r|\r\n?/g, "\n") : unquoted
}

/**
 * A passphrase, which its owner chose and may have quotes and backslashes, without the line breaks around it.
 *
 * @internal
 */
export const barePassphrase = (text: string): string => text.replace(/^[\r\n]+|[\r\n]+$/g, "")
