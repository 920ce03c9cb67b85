const breaks = "(?:[\\r\\n]|\\\\r|\\\\n)+"
const around = new RegExp(`^${breaks}|${breaks}$`, "g")
const written = /^(["'])(.*)\1$/s

/**
 * Removes from a secret what files and `.env` entries add to it: quotes, and line breaks around it, both real ones and
 * the two characters `\n`. Restores the line breaks of a PEM that were written in these ways or as on Windows.
 *
 * @internal
 */
export const bareSecret = (text: string): string => {
  const unquoted = text.replace(around, "").replace(written, "$2").replace(around, "")
  return unquoted.includes("-----BEGIN ") ? unquoted.replace(/(?:\\r)?\\n|\\r|\r\n?/g, "\n") : unquoted
}

/**
 * Removes the line breaks around a passphrase. Quotes and backslashes are kept: its owner may have chosen them.
 *
 * @internal
 */
export const barePassphrase = (text: string): string => text.replace(/^[\r\n]+|[\r\n]+$/g, "")
