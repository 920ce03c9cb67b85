/**
 * Returns the module name of an exchange: its name in Pascal case, with letters and digits only, such as `BitMex` for
 * `BitMEX`.
 */
export const moduleOf = (name) =>
  name.replaceAll(/[^A-Za-z0-9]/g, "")
    .replaceAll(/([A-Z])([A-Z]+)(?=[A-Z][a-z]|$)/g, (_, first, others) => first + others.toLowerCase())
    .replace(/^[a-z]/, (first) => first.toUpperCase())
